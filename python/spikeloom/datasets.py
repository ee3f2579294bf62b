"""Published data sets as arrays, byte for byte: what is read is checked against published digests."""

from __future__ import annotations

import os
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from . import _arguments
from ._spikeloom import _class_names, _dataset, _dataset_names, _fetch, mnist_sample

__all__ = ["class_names", "fetch", "load", "mnist_sample", "names"]


def names() -> list[str]:
    """The data sets that are known."""
    return _dataset_names()


def class_names(name: str) -> list[str]:
    """Names of the classes of a data set, in the order of their labels."""
    return _class_names(_arguments.text(name, "name"))


def load(
    name: str,
    split: Literal["train", "test"] = "test",
    *,
    folder: str | os.PathLike[str] | None = None,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Images (N × channels × height × width, 0 to 255) and labels (N) of a data set that was fetched before.

    Args:
        name: "mnist", "fashion-mnist" or "cifar10".
        split: which part.
        folder: where data sets are kept; default: as for the command line.

    Raises:
        InputError: there is no such data set, or it was not fetched, or a file is not as published.
    """
    return _dataset(_arguments.text(name, "name"), _arguments.text(split, "split"), _arguments.folder(folder))


def fetch(name: str, *, folder: str | os.PathLike[str] | None = None, progress: bool = True) -> str:
    """Obtains a data set from its publishers, as ``spikeloom data fetch`` does; returns the folder that holds it.

    Raises:
        InputError: no publisher could be reached, or what came is not as published.
    """
    tell: Any = print if _arguments.truth(progress, "progress") else None
    return os.fspath(_fetch(_arguments.text(name, "name"), _arguments.folder(folder), tell))
