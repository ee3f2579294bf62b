"""Networks from names, files, NIR graphs and PyTorch modules."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any, Literal

from . import _frameworks
from ._network import Network
from ._spikeloom import InputError
from ._spikeloom import Network as _Network

Profile = Literal["snntorch", "spikingjelly", "norse", "sinabs", "rockpool", "lava"]
Reset = Literal["zero", "zero-next-step", "subtract", "subtract-after-leak", "none"]
Coding = Literal["every", "once", "events"]


def load(
    source: Any,
    *,
    profile: Profile | None = None,
    dt: float | None = None,
    steps: int | None = None,
    coding: Coding | None = None,
    reset: Reset | None = None,
    compare: Literal["gt", "ge"] | None = None,
    floor: float | None = None,
    start: float | Literal["reset", "leak"] | None = None,
    spikes: int | Literal["one", "several"] | None = None,
    integrator: Literal["euler", "exponential"] | None = None,
    read_out: str | None = None,
    reset_interval: int | None = None,
    sample: Any = None,
) -> Network:
    """A network to compile.

    Args:
        source: one of

            - the name of a network that ships (``spikeloom.networks()``),
            - the path of a file: ``.safetensors`` (trained here), ``.nir``, ``.net`` (netx of lava-dl), ``.ron`` (a graph),
            - a ``nir.NIRGraph``,
            - a ``torch.nn.Module`` of snnTorch, Norse, sinabs or SpikingJelly, which its own framework writes to NIR.
        profile: the framework whose defaults fill in what a NIR file does not say; a module's own, unless given.
        dt: length of a timestep in the NIR file's unit of time.
        steps: timesteps in which input arrives.
        coding: how samples enter: their values in every timestep, once, or events over timesteps.
        reset: what a spike does to the potential.
        compare: whether a neuron fires if v > θ ("gt") or v ≥ θ ("ge").
        floor: least potential.
        start: potential before the first timestep: a number, ``v_reset`` or ``v_leak``.
        spikes: spikes of a neuron in a timestep, at most.
        integrator: how a differential equation becomes a step.
        read_out: the Output node that the class is read from, where there are several.
        reset_interval: interval of the reset of a netx network.
        sample: one input of a PyTorch module, a tensor with batch axis; frameworks need it to find shapes.

    docs/nir.md says what each means and what is taken where nothing is given; what was taken is in ``Network.remarks``.

    Raises:
        InputError: no such network, or one that cannot be expressed; the message names the place.
    """
    given = {
        "profile": profile,
        "coding": coding,
        "reset": reset,
        "compare": compare,
        "floor": floor,
        "start": start,
        "spikes": spikes,
        "integrator": integrator,
        "read_out": read_out,
    }
    words = {name: str(value) for name, value in given.items() if value is not None}
    _whole("steps", steps)
    _whole("reset_interval", reset_interval)
    if dt is not None and (isinstance(dt, bool) or not isinstance(dt, (int, float)) or not dt > 0):
        raise InputError(f"dt: {dt!r} is no positive number")
    if sample is not None and not (hasattr(sample, "dim") and hasattr(sample, "shape")):
        raise InputError(f"sample: is a {type(sample).__name__}; give a PyTorch tensor with batch axis")
    if isinstance(source, (str, os.PathLike)):
        opened = _Network._open(os.fspath(source), steps=steps, reset_interval=reset_interval, dt=dt, words=words)
        return Network._of(opened)
    if _frameworks.is_graph(source):
        graph, name = source, "network"
    else:
        graph, framework = _frameworks.exported(source, sample)
        words.setdefault("profile", framework)
        name = type(source).__name__
    opened = _Network._open(f"{name}.nir", data=_written(graph), steps=steps, reset_interval=reset_interval, dt=dt, words=words)
    return Network._of(opened)


def _whole(name: str, value: int | None) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not 1 <= value < 2**31):
        raise InputError(f"{name}: {value!r} is no whole number from 1")


def _written(graph: Any) -> bytes:
    import nir

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.nir"
        try:
            nir.write(path, graph)
        except Exception as error:
            raise InputError(f"source: the package nir could not write the graph: {type(error).__name__}: {error}") from error
        return path.read_bytes()
