"""The examples and notebooks run as they stand."""

import importlib.util
import shutil
from pathlib import Path

import pytest

PYTHON = Path(__file__).parents[1]
NOTEBOOKS = sorted((PYTHON / "notebooks").glob("*.ipynb"))


def test_a_chip_is_tuned(tmp_path):
    optuna = pytest.importorskip("optuna")
    specification = importlib.util.spec_from_file_location("tune_chip", PYTHON / "examples/tune_chip.py")
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    storage = f"sqlite:///{tmp_path}/tune.db"
    first = example.study(6, 4, storage)
    assert len(example.study(2, 4, storage).trials) == 8
    done = [trial for trial in first.trials if trial.state is optuna.trial.TrialState.COMPLETE]
    assert done and all(trial.values[0] > 0 and trial.values[1] > 0 for trial in done)
    assert len(example.study(2, 4).trials) == 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path, tmp_path):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    for needed in ("ipykernel", "matplotlib", "pandas", "nir"):
        pytest.importorskip(needed)
    for file in path.parent.iterdir():
        if file.is_file():
            shutil.copy(file, tmp_path)
    notebook = nbformat.read(path, 4)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    plots = [o for cell in notebook.cells for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
    assert len(plots) >= 3


def test_there_are_three_notebooks():
    assert len(NOTEBOOKS) == 3
