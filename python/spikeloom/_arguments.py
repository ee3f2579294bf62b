"""Arguments that many functions take, checked with the words of this package: an error begins with the argument's name."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Callable

import numpy as np

from ._spikeloom import InputError

Progress = bool | Callable[[str, int, int], None]


def path(value: Any, name: str) -> Path:
    """A path."""
    if not isinstance(value, (str, os.PathLike)):
        raise InputError(f"{name}: is a {type(value).__name__}; give a path")
    return Path(value)


def folder(value: Any, name: str = "folder") -> str | None:
    """A folder, or None for the default."""
    return None if value is None else os.fspath(path(value, name))


def whole(value: Any, name: str, low: int, high: int | None = None) -> int:
    """A whole number between two ends."""
    number = not isinstance(value, bool) and hasattr(value, "__index__")
    if not number or value < low or (high is not None and value > high):
        upto = "" if high is None else f" to {high:,}"
        raise InputError(f"{name}: {value!r} is no whole number from {low}{upto}")
    return int(value)


def truth(value: Any, name: str) -> bool:
    """True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise InputError(f"{name}: {value!r} is neither True nor False")
    return bool(value)


def text(value: Any, name: str) -> str:
    """A text."""
    if not isinstance(value, str):
        raise InputError(f"{name}: is a {type(value).__name__}; give a text")
    return value


def follower(progress: Any) -> Callable[[str, int, int], None] | None:
    """What is told how far something has come."""
    if progress is False:
        return None
    if progress is not True:
        if not callable(progress):
            raise InputError(f"progress: {progress!r} is neither True, False nor a function of (task, done, of)")
        return progress  # type: ignore[no-any-return]

    def follow(task: str, done: int, of: int) -> None:
        print(f"\r{task}: {done} of {of}", end="\n" if done == of else "", file=sys.stderr, flush=True)

    return follow
