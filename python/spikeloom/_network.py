"""Networks and programs."""

from __future__ import annotations

import os
from typing import Any, Literal

from . import _arguments, _arrays, _html
from ._arguments import Progress
from ._chip import Chip
from ._result import Result
from ._spikeloom import Batch, InputError
from ._spikeloom import Network as _Network
from ._spikeloom import Program as _Program

def _chip(chip: Any) -> Chip:
    chip = Chip(chip) if isinstance(chip, str) else chip
    if not isinstance(chip, Chip):
        raise InputError(f"chip: is a {type(chip).__name__}; give a spikeloom.Chip or the name of one")
    return chip


class Network:
    """A spiking network. Made by ``spikeloom.load``."""

    _inner: _Network

    @classmethod
    def _of(cls, inner: _Network) -> Network:
        network = cls.__new__(cls)
        network._inner = inner
        return network

    @property
    def name(self) -> str:
        """What the network is called."""
        return self._inner.name

    @property
    def timesteps(self) -> int:
        """Timesteps of one sample."""
        return self._inner.timesteps

    @property
    def layers(self) -> list[tuple[str, tuple[int, int, int]]]:
        """Name and shape (channels, height, width) of each population, input first."""
        return self._inner.layers

    @property
    def remarks(self) -> list[str]:
        """What its file does not say and what was taken for it, and what else to know; one line each."""
        return self._inner.remarks

    def compile(
        self,
        chip: Chip | str,
        *,
        weight_bits: int = 8,
        seed: int = 1,
        effort: int = 1000,
        check: bool = False,
        balance: bool = False,
        calibration: Any = None,
        activity: Any = None,
        progress: Progress = False,
    ) -> Program:
        """Quantizes the network and cuts, places and routes it onto a chip.

        Args:
            chip: the chip, or its name.
            weight_bits: width of a stored weight, 1 to 16.
            seed: seed of the placement.
            effort: moves that the placement tries for each cluster of a core; fewer are quicker, and leave longer ways.
            check: verify every lowering by its independent checker.
            balance: let idle cores shorten the timesteps.
            calibration: training samples by which weights are clipped; an array as for ``Program.run``.
            activity: training samples whose measured spikes weigh the placement.
            progress: True to show it on standard error, or a function of (task, done, of).

        Raises:
            DoesNotFitError: the network does not fit; ``.reasons`` lists every broken limit with its remedy.
            InputError: an argument cannot be used.
        """
        chip = _chip(chip)
        weight_bits = _arguments.whole(weight_bits, "weight_bits", 1, 16)
        seed = _arguments.whole(seed, "seed", 0, 2**64 - 1)
        effort = _arguments.whole(effort, "effort", 0, 1_000_000)
        check, balance = _arguments.truth(check, "check"), _arguments.truth(balance, "balance")
        follower = _arguments.follower(progress)

        def batch(x: Any, name: str) -> Batch | None:
            return None if x is None else self._batch(x, None, None, name)

        return Program._of(
            self._inner._compile(
                chip._inner,
                weight_bits=weight_bits,
                seed=seed,
                effort=effort,
                check=check,
                balance=balance,
                calibration=batch(calibration, "calibration"),
                activity=batch(activity, "activity"),
                progress=follower,
            )
        )

    def _batch(self, x: Any, labels: Any, dt: float | None, name: str = "x") -> Batch:
        shape = self.layers[0][1]
        try:
            return self._inner._batch(_arrays.stimuli(x, shape, self.timesteps, dt, name), _arrays.labels(labels))
        except InputError as error:
            raise InputError(str(error).replace("x: ", f"{name}: ", 1) if name != "x" else str(error)) from None

    def __repr__(self) -> str:
        return repr(self._inner)

    def _repr_html_(self) -> str:
        rows = [("network", self.name), ("timesteps", self.timesteps)]
        rows += [(name, "×".join(map(str, shape))) for name, shape in self.layers]
        return _html.table(rows + [("", remark) for remark in self.remarks])


class Program:
    """A network compiled for a chip. Made by ``Network.compile`` or ``Program.load``; can be pickled."""

    _inner: _Program

    @classmethod
    def _of(cls, inner: _Program) -> Program:
        program = cls.__new__(cls)
        program._inner = inner
        return program

    @classmethod
    def load(cls, path: str | os.PathLike[str], chip: Chip | str) -> Program:
        """The program in a file (.slb) that was compiled for ``chip``."""
        chip = _chip(chip)
        try:
            data = _arguments.path(path, "path").read_bytes()
        except OSError as error:
            raise InputError(f"path: {error}") from error
        return cls._of(_Program._read(os.fspath(path), data, chip._inner))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the program file (.slb), which ``spikeloom simulate`` and ``Program.load`` read."""
        target = _arguments.path(path, "path")
        temporary = target.with_name(target.name + ".tmp")
        temporary.write_bytes(self._inner.to_bytes())
        temporary.replace(target)

    @property
    def name(self) -> str:
        """What the network was called."""
        return self._inner.name

    @property
    def chip(self) -> Chip:
        """The chip."""
        return Chip._of(self._inner.chip)

    @property
    def cores(self) -> int:
        """Cores in use."""
        return self._inner.cores

    @property
    def timesteps(self) -> int:
        """Timesteps of one sample."""
        return self._inner.timesteps

    @property
    def layers(self) -> list[tuple[str, tuple[int, int, int]]]:
        """Name and shape (channels, height, width) of each layer, input first."""
        return self._inner.layers

    def run(
        self,
        x: Any,
        labels: Any = None,
        *,
        mode: Literal["counts", "analytic", "cycle"] = "analytic",
        threads: int | None = None,
        spikes: bool = False,
        per_sample: bool = False,
        dt: float | None = None,
        dataset: str = "arrays",
        progress: Progress = False,
    ) -> Result:
        """Runs samples through the simulated chip.

        Args:
            x: a NumPy array or PyTorch tensor whose first axis counts samples: images (samples × …, pixels 0 to 255), or, for
                networks that take events, samples × timesteps × … of 0 and 1. The other axes hold as many values as the input
                layer has neurons, channel-major. Or a list of recordings of events, as tonic gives them (see ``bin_events``).
            labels: the right class of each sample; without them there is no accuracy.
            mode: how time is modelled: "counts" (not at all), "analytic", "cycle". Counts are the same in all.
            threads: worker threads; default: all processors.
            spikes: keep every spike, for ``Result.spikes`` and ``Result.plot_raster``: 8 bytes each.
            per_sample: keep each sample's counts, for its energy.
            dt: length of a timestep in the unit of time of recorded events (microseconds in tonic).
            dataset: what the record calls the samples.
            progress: True to show it on standard error, or a function of (task, done, of).

        Raises:
            InputError: ``x``, ``labels`` or ``mode`` cannot be used; the message names which and why.
        """
        threads = 0 if threads is None else _arguments.whole(threads, "threads", 1, 256)
        spikes, per_sample = _arguments.truth(spikes, "spikes"), _arguments.truth(per_sample, "per_sample")
        name, follower = _arguments.text(dataset, "dataset"), _arguments.follower(progress)
        if not isinstance(mode, str):
            raise InputError(f'mode: {mode!r} is none of "counts", "analytic", "cycle"')
        stimuli = _arrays.stimuli(x, self.layers[0][1], self.timesteps, dt)
        batch = self._inner._batch(stimuli, _arrays.labels(labels), name)
        inner = self._inner._run(batch, mode, threads, spikes, per_sample, follower)
        return Result(inner)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (self.name, self._inner.to_bytes(), self.chip))

    def __repr__(self) -> str:
        return repr(self._inner)

    def _repr_html_(self) -> str:
        rows = [("network", self.name), ("chip", self.chip.name), ("cores in use", self.cores), ("timesteps", self.timesteps)]
        return _html.table(rows + [(name, "×".join(map(str, shape))) for name, shape in self.layers])


def _restore(name: str, data: bytes, chip: Chip) -> Program:
    return Program._of(_Program._read(name, data, chip._inner))
