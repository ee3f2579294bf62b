"""Training in a folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _arguments, _arrays, _html
from ._arguments import Progress
from ._load import load
from ._network import Network
from ._spikeloom import InputError, _settings, _train

if TYPE_CHECKING:
    import pandas


class Training:
    """A training run in its folder. Made by ``spikeloom.train``."""

    def __init__(self, folder: Path, accuracy: float | None) -> None:
        self.folder = folder
        """Where it is: configuration, checkpoint, log, network, card."""
        self.accuracy = accuracy
        """Share of the test images that are right, 0 to 1: validation images chose epoch, layer and read-out."""

    @property
    def network(self) -> Network:
        """The chosen network, ready to compile."""
        return load(self.folder / "network.safetensors")

    @property
    def history(self) -> list[dict[str, Any]]:
        """One record per epoch, as ``log.jsonl`` holds it."""
        lines = (self.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def to_pandas(self) -> pandas.DataFrame:
        """A table: one row per epoch and layer; accuracies in percent."""
        import pandas

        return pandas.read_csv(self.folder / "log.csv")

    def __repr__(self) -> str:
        return f"<Training in {self.folder}: {100 * (self.accuracy or 0.0):.2f} % of the test images right>"

    def _repr_html_(self) -> str:
        return _html.table([("folder", self.folder), ("test accuracy", f"{100 * (self.accuracy or 0.0):.2f} %")])


def train(
    dataset: str | None = None,
    *,
    out: str | os.PathLike[str],
    train: tuple[Any, Any] | None = None,
    test: tuple[Any, Any] | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    protocol: str | None = None,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: Progress = False,
    **settings: Any,
) -> Training:
    """Trains a network with the forward-forward method FFGAF-SNN, in a folder, as ``spikeloom train`` does.

    Args:
        dataset: "mnist", "fashion-mnist" or "cifar10", fetched before; or, instead,
        train, test: pairs of images (N × channels × height × width, uint8) and labels (N). Images for validation are held out of
            ``train``; ``test`` is evaluated once, at the end.
        out: the folder of the run; one that holds a checkpoint is refused unless ``resume``.
        epochs, seed, protocol: as on the command line.
        folder: where data sets are kept; default: as for the command line.
        resume: go on from the checkpoint in ``out``, if there is one.
        progress: True to show it on standard error, or a function of (task, done, of).
        **settings: any other hyper-parameter (docs/training.md lists them), as ``channels=[20, 30]`` or ``schedule={"start": [0]}``.

    Ctrl-C ends it at the next batch; what was learned is in the folder, and ``resume=True`` goes on.

    Raises:
        InputError: a setting, an array or a folder cannot be used; the message names it.
    """
    if (train is None) != (test is None):
        raise InputError(f"{'test' if test is None else 'train'}: is missing; give both, or the name of a data set")
    if (dataset is None) == (train is None):
        raise InputError("dataset: give the name of a data set, or arrays as train and test, and not both")
    if dataset is not None:
        _arguments.text(dataset, "dataset")
    if epochs is not None:
        _arguments.whole(epochs, "epochs", 1)
    if seed is not None:
        _arguments.whole(seed, "seed", 0, 2**63 - 1)
    if protocol is not None and protocol not in ("ours", "paper"):
        raise InputError(f'protocol: {protocol!r} is none of "ours", "paper"')
    resume, follower = _arguments.truth(resume, "resume"), _arguments.follower(progress)
    where = _arguments.folder(folder)
    named = {"dataset": dataset or "arrays", "epochs": epochs, "seed": seed, "protocol": protocol}
    chosen = settings | {name: value for name, value in named.items() if value is not None}
    try:
        text = json.dumps(chosen)
    except TypeError as error:
        raise InputError(f"settings: {error}") from error
    arrays = [None if given is None else _arrays.images(given, name) for given, name in ((train, "train"), (test, "test"))]
    target = _arguments.path(out, "out")
    _settings(text)
    if not resume and (target / "checkpoint.safetensors").exists():
        raise InputError(f"out: {target} holds a checkpoint of an earlier run; continue it with resume=True, or choose another folder")
    accuracy = _train(text, arrays[0], arrays[1], where, os.fspath(target), resume, follower)
    return Training(target, accuracy)
