"""Analytical energy models: what published formulas give for a network and its spikes, beside what the simulator counts."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import _arguments, _html
from ._arguments import Progress
from ._network import Network
from ._quantity import Quantity
from ._spikeloom import InputError, _energy_model

if TYPE_CHECKING:
    import pandas

__all__ = ["Estimate", "model"]

Reading = Literal["paper", "qualia", "exact"]

_J_PER_PJ = 1e-12


class Estimate:
    """What an analytical model says of one inference."""

    def __init__(self, origin: str, evaluation: dict[str, Any]) -> None:
        self.origin = origin
        """What the numbers rest on, in words."""
        self.evaluation = evaluation
        """The evaluation as ``spikeloom energy model --json`` prints it, energies in pJ."""

    @property
    def energy(self) -> Quantity:
        """Energy of one inference."""
        return Quantity(self.evaluation["total_pJ"]["total"] * _J_PER_PJ, "J", per="inference")

    @property
    def memory(self) -> Quantity:
        """The part of it that accesses of memories cost."""
        return Quantity(self.evaluation["total_pJ"]["mem_total"] * _J_PER_PJ, "J", per="inference")

    @property
    def computation(self) -> Quantity:
        """The part of it that arithmetic costs, on data and on addresses."""
        return Quantity(self.evaluation["total_pJ"]["opsaddr"] * _J_PER_PJ, "J", per="inference")

    def to_pandas(self, level: Literal["layer", "term"] = "layer") -> pandas.DataFrame:
        """A table: one row per "layer", energies in joules; or per "term" of each layer with its formula and source."""
        import pandas

        layers = [layer["layer"] for layer in self.evaluation["terms"]]
        if level == "layer":
            rows = [
                {"layer": name} | {f"{group}_j": pj * _J_PER_PJ for group, pj in groups.items()}
                for name, groups in zip(layers, self.evaluation["layers_pJ"], strict=True)
            ]
            return pandas.DataFrame(rows)
        if level == "term":
            return pandas.DataFrame(
                [{"layer": layer["layer"]} | term for layer in self.evaluation["terms"] for term in layer["terms"]]
            )
        raise InputError(f'level: {level!r} is none of "layer", "term"')

    def __repr__(self) -> str:
        return f"<Estimate {self.energy}: {self.origin}>"

    def _repr_html_(self) -> str:
        return _html.table(
            [("energy", self.energy), ("memory", self.memory), ("computation", self.computation), ("from", self.origin)]
        )


def model(
    network: Network | str | os.PathLike[str] | dict[str, Any],
    x: Any = None,
    *,
    reading: Reading | None = None,
    ram: str | None = None,
    bits: int | None = None,
    fifo: int | None = None,
    options: dict[str, Any] | None = None,
    progress: Progress = False,
) -> Estimate:
    """Evaluates the analytical model of Lemaire et al. 2022.

    Args:
        network: a ``spikeloom.Network`` whose spikes are measured on the samples ``x``; or a network described with its spikes: a
            dictionary, or the path of a JSON file (docs/energy.md has the form).
        x: samples, as for ``Program.run``.
        reading: how the formulas are read: "paper", "qualia" or "exact"; default: "exact" for measured networks, else "paper".
        ram: the line that gives the energy of an access by the size of a memory; default: the reading's.
        bits: width of a memory word and of the arithmetic; default 32.
        fifo: messages of the FIFO before and after a spiking layer [words]; default 1000.
        options: further options of the model, by their names in JSON (docs/energy.md).
        progress: True to show it on standard error, or a function of (task, done, of).

    Raises:
        InputError: the network has no analytical form, or an option does not exist; the message says which.
    """
    given = {"reading": reading, "ram": ram, "bits": bits, "fifo": fifo}
    if options is not None and not isinstance(options, dict):
        raise InputError(f"options: is a {type(options).__name__}; give a dictionary")
    follower = _arguments.follower(progress)
    chosen = (options or {}) | {name: value for name, value in given.items() if value is not None}
    measured = described = None
    if isinstance(network, Network):
        if x is None:
            raise InputError("x: is missing; give samples on which the network's spikes are measured")
        measured = (network._inner, network._batch(x, None, None))
    elif x is not None:
        raise InputError("x: is for a spikeloom.Network; a network that is described says its spikes itself")
    elif isinstance(network, dict):
        try:
            described = ("network", json.dumps(network))
        except TypeError as error:
            raise InputError(f"network: {error}") from error
    elif isinstance(network, (str, os.PathLike)):
        try:
            described = (os.fspath(network), Path(network).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"network: {error}") from error
    else:
        raise InputError(f"network: is a {type(network).__name__}; give a spikeloom.Network, a dictionary or the path of a JSON file")
    try:
        text = json.dumps(chosen)
    except TypeError as error:
        raise InputError(f"options: {error}") from error
    origin, evaluation = _energy_model(measured, described, text, follower)
    return Estimate(origin, json.loads(evaluation))
