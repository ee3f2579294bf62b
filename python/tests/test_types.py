"""Types: the package is strict, and the stubs of its compiled half are true."""

import subprocess
import sys
from pathlib import Path

import pytest

PYTHON = Path(__file__).parents[1]


@pytest.mark.parametrize("tool", [["mypy", "--strict", "spikeloom"], ["mypy.stubtest", "spikeloom._spikeloom"]])
def test_types_are_clean(tool):
    pytest.importorskip("mypy")
    done = subprocess.run([sys.executable, "-m", *tool], capture_output=True, text=True, cwd=PYTHON)
    assert done.returncode == 0, done.stdout + done.stderr
