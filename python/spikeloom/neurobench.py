"""A program on a simulated chip as a model of NeuroBench, and what the chip spends as metrics of its benchmarks.

    >>> from neurobench.benchmarks import Benchmark
    >>> from neurobench.metrics.workload import ClassificationAccuracy
    >>> from spikeloom.neurobench import ChipEnergy, ChipLatency, ChipModel, ChipSynapticOperations
    >>> model = ChipModel(program)
    >>> metrics = [[], [ClassificationAccuracy, ChipEnergy, ChipLatency, ChipSynapticOperations]]
    >>> Benchmark(model, loader, [], [], metrics).run()          # doctest: +SKIP

Importing it needs ``neurobench`` and PyTorch. Metrics of NeuroBench that look into a PyTorch module (footprint, connection sparsity,
operations by hooks) have nothing to look into here: the module is empty, and what executes is the chip's program.
"""

from __future__ import annotations

from typing import Any

import torch
from neurobench.metrics.abstract import AccumulatedMetric, StaticMetric
from neurobench.models import NeuroBenchModel

from ._network import Program
from ._result import Result
from ._spikeloom import InputError

__all__ = ["ChipCores", "ChipEnergy", "ChipLatency", "ChipModel", "ChipSpikes", "ChipSynapticOperations"]


class ChipModel(NeuroBenchModel):  # type: ignore[misc]
    """A program as a NeuroBench model: a batch of samples in, the classes that the chip decides out.

    Args:
        program: what runs.
        **options: arguments of ``Program.run`` for every batch, such as ``mode`` or ``threads``.
    """

    def __init__(self, program: Program, **options: Any) -> None:
        super().__init__()
        if not isinstance(program, Program):
            raise InputError(f"program: is a {type(program).__name__}; give a spikeloom.Program")
        self.program = program
        self.options = options
        self.result: Result | None = None
        """What the last batch gave."""
        self._module = torch.nn.Module()

    def __call__(self, batch: torch.Tensor) -> torch.Tensor:
        """The class of each sample of a batch that ``Program.run`` takes."""
        self.result = self.program.run(batch, **self.options)
        return torch.from_numpy(self.result.classes.astype("int64"))

    def __net__(self) -> torch.nn.Module:
        """An empty module: the network is on the chip."""
        return self._module


def _last(model: Any) -> Result:
    result = getattr(model, "result", None)
    if result is None:
        raise InputError("model: is no spikeloom.neurobench.ChipModel that has run; these metrics look at what its chip did")
    return result  # type: ignore[no-any-return]


class ChipCores(StaticMetric):  # type: ignore[misc]
    """Cores in use."""

    def __call__(self, model: Any) -> float:
        return float(model.program.cores)


class _Mean(AccumulatedMetric):  # type: ignore[misc]
    """A mean over all samples."""

    def __init__(self) -> None:
        super().__init__(requires_hooks=False)
        self.reset()

    def reset(self) -> None:
        self.sum, self.samples = 0.0, 0

    def compute(self) -> float:
        return self.sum / self.samples if self.samples else 0.0

    def __call__(self, model: Any, preds: Any, data: Any) -> float:
        result = _last(model)
        self.sum += self.of(result) * result.n_samples
        self.samples += result.n_samples
        return self.compute()

    def of(self, result: Result) -> float:
        """The mean of a batch."""
        raise NotImplementedError


class ChipEnergy(_Mean):
    """Energy of a sample [J]; see ``Result.not_derivable`` for what it leaves out."""

    def of(self, result: Result) -> float:
        if result.energy is None:
            raise InputError(result.not_derivable[0])
        return float(result.energy)


class ChipLatency(_Mean):
    """Duration of a sample [s]."""

    def of(self, result: Result) -> float:
        if result.latency is None:
            raise InputError("latency: the chip's description has no time, or the mode is \"counts\"")
        return float(result.latency)


class ChipSynapticOperations(_Mean):
    """Synaptic operations of a sample."""

    def of(self, result: Result) -> float:
        return float(result.to_samples()["synaptic_operations"].mean())


class ChipSpikes(_Mean):
    """Spikes of a sample, the input's left out."""

    def of(self, result: Result) -> float:
        return float(result.to_samples()["spikes"].mean())
