from collections.abc import Callable, Iterator
from typing import Any, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "__version__",
    "SpikeloomError",
    "DoesNotFitError",
    "UnpricedError",
    "InternalError",
    "InputError",
    "Batch",
    "Network",
    "Chip",
    "Program",
    "RunResult",
    "main",
    "networks",
    "chips",
    "tables",
    "Search",
    "_answers",
    "_energy_model",
    "_settings",
    "_train",
    "_dataset_names",
    "_class_names",
    "_dataset",
    "_fetch",
    "mnist_sample",
]

__version__: str

class SpikeloomError(Exception): ...
class InputError(SpikeloomError, ValueError): ...

class DoesNotFitError(SpikeloomError):
    reasons: list[str]

class UnpricedError(SpikeloomError): ...
class InternalError(SpikeloomError): ...

_Progress = Callable[[str, int, int], None] | None
_Layers = list[tuple[str, tuple[int, int, int]]]
_Task = tuple[str, int, int, list[tuple[str, Any]], bool]
_Images = tuple[npt.NDArray[np.uint8], list[int]] | None

@final
class Batch: ...

@final
class Chip:
    def __new__(cls, /, name: str, *, prices: str | None = None) -> Chip: ...
    @property
    def name(self) -> str: ...
    @property
    def prices(self) -> str | None: ...
    def with_prices(self, /, table_name: str) -> Chip: ...
    def _with(self, /, changes: list[tuple[str, str]]) -> Chip: ...
    def _state(self, /) -> tuple[str, str | None, str | None]: ...
    @staticmethod
    def _of_state(arch: str, prices: str | None, follows: str | None) -> Chip: ...
    def __reduce__(self, /) -> tuple[Any, ...]: ...

@final
class Network:
    @staticmethod
    def _open(
        name: str,
        *,
        data: bytes | None = None,
        steps: int | None = None,
        reset_interval: int | None = None,
        dt: float | None = None,
        words: dict[str, str] | None = None,
    ) -> Network: ...
    @property
    def name(self) -> str: ...
    @property
    def remarks(self) -> list[str]: ...
    @property
    def layers(self) -> _Layers: ...
    @property
    def timesteps(self) -> int: ...
    def _compile(
        self,
        /,
        chip: Chip,
        *,
        weight_bits: int = 8,
        seed: int = 1,
        effort: int = 1000,
        check: bool = False,
        balance: bool = False,
        calibration: Batch | None = None,
        activity: Batch | None = None,
        progress: _Progress = None,
    ) -> Program: ...
    def _batch(self, /, x: npt.NDArray[Any], labels: list[int] | None, name: str = "arrays") -> Batch: ...

@final
class Program:
    @staticmethod
    def _read(name: str, data: bytes, chip: Chip) -> Program: ...
    def to_bytes(self, /) -> bytes: ...
    @property
    def name(self) -> str: ...
    @property
    def chip(self) -> Chip: ...
    @property
    def cores(self) -> int: ...
    @property
    def timesteps(self) -> int: ...
    @property
    def layers(self) -> _Layers: ...
    def _batch(self, /, x: npt.NDArray[Any], labels: list[int] | None, name: str = "arrays") -> Batch: ...
    def _run(
        self,
        /,
        batch: Batch,
        mode: str,
        threads: int,
        spikes: bool,
        per_sample: bool,
        progress: _Progress,
    ) -> RunResult: ...
    def __reduce__(self, /) -> tuple[Any, ...]: ...

@final
class RunResult:
    @property
    def n_samples(self) -> int: ...
    @property
    def correct(self) -> int | None: ...
    @property
    def record(self) -> str: ...
    @property
    def _network(self) -> str: ...
    @property
    def _chip(self) -> str: ...
    @property
    def _cores(self) -> int: ...
    @property
    def _timesteps(self) -> int: ...
    @property
    def _layers(self) -> list[tuple[str, tuple[int, int, int], int, int]]: ...
    @property
    def _energy(self) -> dict[str, Any]: ...
    @property
    def _counts(self) -> list[tuple[int | None, str, str, int]]: ...
    @property
    def _samples(self) -> dict[str, npt.NDArray[Any]]: ...
    def _spikes(
        self, /, layer: int
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]] | None: ...

@final
class Search:
    @staticmethod
    def _open(path: str, text: str | None = None) -> Search: ...
    @property
    def text(self) -> str: ...
    @property
    def folder(self) -> str: ...
    def _evaluate(self, /, task: _Task) -> str: ...
    def _run(
        self,
        /,
        folder: str,
        threads: int,
        shard: tuple[int, int] | None,
        crew: Callable[[list[_Task]], Iterator[tuple[str, str]]] | None,
        progress: _Progress,
    ) -> tuple[int, int, int]: ...

def main(arguments: list[str]) -> int: ...
def networks() -> list[str]: ...
def chips() -> list[str]: ...
def tables() -> list[str]: ...
def mnist_sample() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]: ...
def _answers(folder: str) -> str: ...
def _energy_model(
    measured: tuple[Network, Batch] | None,
    described: tuple[str, str] | None,
    options: str,
    progress: _Progress,
) -> tuple[str, str]: ...
def _settings(settings: str) -> str: ...
def _train(
    settings: str,
    train: _Images,
    test: _Images,
    data: str | None,
    out: str,
    resume: bool,
    progress: _Progress,
) -> float | None: ...
def _dataset_names() -> list[str]: ...
def _class_names(name: str) -> list[str]: ...
def _dataset(
    name: str, split: str, folder: str | None
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]: ...
def _fetch(name: str, folder: str | None, tell: Callable[[str], None] | None) -> str: ...
