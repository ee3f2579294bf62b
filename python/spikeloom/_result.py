"""What a run gave, as quantities, tables and plots."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from . import _arguments, _html
from ._quantity import Quantity, scaled
from ._spikeloom import InputError, RunResult

if TYPE_CHECKING:
    import matplotlib.axes
    import pandas

Level = Literal["sample", "layer", "core", "step", "energy"]


@dataclass(frozen=True)
class _Kept:
    """What the compiled half says of a run, in plain values: a result that was pickled."""

    n_samples: int
    correct: int | None
    record: str
    _network: str
    _chip: str
    _cores: int
    _timesteps: int
    _layers: list[tuple[str, tuple[int, int, int], int, int]]
    _energy: dict[str, Any]
    _counts: list[tuple[int | None, str, str, int]]
    _samples: dict[str, npt.NDArray[Any]]
    _all_spikes: list[tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]] | None]

    def _spikes(
        self, layer: int
    ) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.uint32]] | None:
        return self._all_spikes[layer]


def _restore(values: dict[str, Any]) -> Result:
    return Result(_Kept(**values))


class Result:
    """What a run gave. Means are over the samples; counts are sums over all of them. Can be pickled."""

    def __init__(self, inner: RunResult | _Kept) -> None:
        self._inner = inner
        self._totals = inner._energy

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self._inner.n_samples

    @property
    def accuracy(self) -> float | None:
        """Share of right decisions, 0 to 1; None without labels."""
        correct = self._inner.correct
        return None if correct is None else correct / self.n_samples

    @property
    def classes(self) -> npt.NDArray[np.uint64]:
        """The decision on each sample."""
        return self._inner._samples["class"]

    def _joules(self, part: str) -> Quantity | None:
        if self._totals["unpriced"] is not None or self._totals[part] is None:
            return None
        value, low, high = (v / self.n_samples for v in self._totals[part])
        open_ends = bool(self._totals["left_out"]) or (part == "total" and bool(self._totals["not_derivable"]))
        return Quantity(value, "J", low, high, "sample", open_ends)

    @property
    def energy(self) -> Quantity | None:
        """Energy of one sample, the mean, in joules with its range; None for chips without prices."""
        return self._joules("total")

    @property
    def dynamic_energy(self) -> Quantity | None:
        """The part of ``energy`` that what was counted costs."""
        return self._joules("dynamic")

    @property
    def static_energy(self) -> Quantity | None:
        """The part of ``energy`` that static power costs over the latency; None where it cannot be derived."""
        return self._joules("static")

    @property
    def not_derivable(self) -> list[str]:
        """What was counted and has no price, with the reason; and parts of the energy that nothing published gives."""
        if self._totals["unpriced"] is not None:
            return [self._totals["unpriced"]]
        parts = [f"{what}: {reason}" for what, reason in self._totals["not_derivable"]]
        return parts + [f"{action} ({count} counted): {reason}" for action, count, reason in self._totals["left_out"]]

    @property
    def latencies(self) -> npt.NDArray[np.float64] | None:
        """Duration of each sample in seconds; None where the chip's description has no time."""
        return self._inner._samples.get("latency_s")

    @property
    def latency(self) -> Quantity | None:
        """Mean duration of a sample in seconds."""
        latencies = self.latencies
        if latencies is None:
            return None
        return Quantity(float(latencies.mean()), "s", float(latencies.min()), float(latencies.max()), "sample")

    @property
    def energies(self) -> npt.NDArray[np.float64] | None:
        """Energy of each sample in joules; None unless it ran with ``per_sample=True``."""
        return self._inner._samples.get("energy_j")

    @property
    def counts(self) -> dict[str, int]:
        """How often each action happened, all samples together. docs/counters.md defines the actions."""
        totals: dict[str, int] = {}
        for _, _, action, count in self._inner._counts:
            totals[action] = totals.get(action, 0) + count
        return totals

    @property
    def layers(self) -> list[str]:
        """Names of the layers, input first."""
        return [name for name, _, _, _ in self._inner._layers]

    def spikes(self, layer: str | int) -> npt.NDArray[np.uint32]:
        """Every spike of a layer: rows of (sample, timestep, neuron), ascending. Needs ``run(..., spikes=True)``."""
        names = self.layers
        if isinstance(layer, bool) or not isinstance(layer, (str, int)):
            raise InputError(f"layer: is a {type(layer).__name__}; give the name or the number of a layer")
        if isinstance(layer, str):
            if layer not in names:
                raise InputError(f"layer: there is no `{layer}`; there are {', '.join(names)}")
            layer = names.index(layer)
        if not 0 <= layer < len(names):
            raise InputError(f"layer: {layer} is beyond the {len(names)} layers")
        columns = self._inner._spikes(layer)
        if columns is None:
            raise InputError("spikes: were not kept; run with spikes=True")
        return np.stack(columns, axis=1)

    def to_pandas(self, level: Level = "layer") -> pandas.DataFrame:
        """A table, energies in joules, times in seconds.

        Args:
            level: one row per "sample"; per "layer"; per "core", layer and action, as counted over all samples; per "step": sample,
                timestep and layer with its spikes (needs ``run(..., spikes=True)``; steps without spikes have a row too); or per
                line of the "energy": layer and action.
        """
        import pandas

        if level == "sample":
            return pandas.DataFrame(self.to_samples())
        if level == "step":
            return pandas.DataFrame(self._steps())
        if level == "layer":
            rows = [
                {"layer": name, "channels": c, "height": h, "width": w, "cores": cores, "spikes": spikes}
                for name, (c, h, w), cores, spikes in self._inner._layers
            ]
            table = pandas.DataFrame(rows)
            if self._totals["unpriced"] is None:
                joules = {name: 0.0 for name in self.layers}
                for layer, _, _, _, (value, _, _) in self._totals["lines"]:
                    joules[layer] += value
                table["dynamic_energy_j"] = [joules[name] for name in table["layer"]]
            return table
        if level == "core":
            return pandas.DataFrame(self._inner._counts, columns=["core", "layer", "action", "count"])
        if level == "energy":
            rows = [
                {"layer": l, "action": a, "component": c, "count": n, "energy_j": v, "low_j": low, "high_j": high}
                for l, a, c, n, (v, low, high) in self._totals.get("lines", [])
            ]
            return pandas.DataFrame(rows)
        raise InputError(f'level: {level!r} is none of "sample", "layer", "core", "step", "energy"')

    def to_samples(self) -> dict[str, npt.NDArray[Any]]:
        """One array per figure of a sample: what ``to_pandas("sample")`` makes a table of."""
        return self._inner._samples

    def _steps(self) -> dict[str, Any]:
        """Spikes by sample, timestep and layer."""
        names, steps = self.layers, self._inner._timesteps
        counts = np.zeros((self.n_samples, steps, len(names)), np.int64)
        for layer in range(len(names)):
            spikes = self.spikes(layer)
            pairs, often = np.unique(spikes[:, :2], axis=0, return_counts=True)
            counts[pairs[:, 0], pairs[:, 1], layer] = often
        sample, step, layer_of = (axis.ravel() for axis in np.indices(counts.shape))
        return {"sample": sample, "timestep": step, "layer": np.array(names)[layer_of], "spikes": counts.ravel()}

    def plot_raster(self, layer: str | int, sample: int = 0, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Spikes of a layer for one sample: neurons over timesteps. Needs matplotlib and ``run(..., spikes=True)``."""
        sample = _arguments.whole(sample, "sample", 0)
        if not 0 <= sample < self.n_samples:
            raise InputError(f"sample: {sample} is beyond the {self.n_samples} samples")
        spikes = self.spikes(layer)
        own = spikes[spikes[:, 0] == sample]
        ax = _axes() if ax is None else ax
        ax.plot(own[:, 1], own[:, 2], ".", color="black", markersize=4)
        ax.set(xlabel="timestep", ylabel="neuron", title=f"{layer}, sample {sample}: {len(own)} spikes")
        return ax

    def plot_energy(self, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
        """Dynamic energy of one sample by layer, stacked by component. Needs matplotlib."""
        if self._totals["unpriced"] is not None:
            raise InputError(self._totals["unpriced"])
        parts: dict[str, dict[str, float]] = {}
        for layer, _, component, _, (value, _, _) in self._totals["lines"]:
            of = parts.setdefault(component, {})
            of[layer] = of.get(layer, 0.0) + value / self.n_samples
        ax = _axes() if ax is None else ax
        names = self.layers
        scale, unit = scaled(max(sum(of.get(name, 0.0) for of in parts.values()) for name in names), "J")
        bottom = np.zeros(len(names))
        for component, of in parts.items():
            heights = np.array([of.get(name, 0.0) / scale for name in names])
            if heights.any():
                ax.bar(names, heights, bottom=bottom, label=component)
                bottom += heights
        ax.set(ylabel=f"dynamic energy per sample [{unit}]", title=f"{self._inner._network} on {self._inner._chip}")
        ax.legend()
        return ax

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the record of the run, as ``spikeloom run --output`` does; ``spikeloom energy price`` reads it."""
        text = self._inner.record
        target = _arguments.path(path, "path")
        temporary = target.with_name(target.name + ".tmp")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)

    @property
    def record(self) -> dict[str, Any]:
        """The record of the run: counts and times, nothing that depends on a price. Without labels it holds no right decisions."""
        return json.loads(self._inner.record)  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        inner = self._inner
        if isinstance(inner, _Kept):
            return (_restore, ({field.name: getattr(inner, field.name) for field in fields(inner)},))
        values: dict[str, Any] = {field.name: getattr(inner, field.name) for field in fields(_Kept)[:-1]}
        values["_all_spikes"] = [inner._spikes(layer) for layer in range(len(inner._layers))]
        return (_restore, (values,))

    def __repr__(self) -> str:
        accuracy = "no labels" if self.accuracy is None else f"{100 * self.accuracy:.2f} % right"
        return f"<Result {self._inner._network} on {self._inner._chip}: {self.n_samples} samples, {accuracy}, {self.energy}, {self.latency}>"

    def _repr_html_(self) -> str:
        rows: list[tuple[str, object]] = [
            ("network", self._inner._network),
            ("chip", f"{self._inner._chip}, {self._inner._cores} cores in use"),
            ("accuracy", "no labels" if self.accuracy is None else f"{100 * self.accuracy:.2f} %"),
            ("energy", self.energy or self._totals["unpriced"]),
            ("latency", self.latency or "the chip's description has no time"),
        ]
        return _html.table(rows)


def _axes() -> matplotlib.axes.Axes:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("plots need matplotlib: pip install 'spikeloom[plot]'") from error
    axes: matplotlib.axes.Axes = plt.subplots()[1]
    return axes
