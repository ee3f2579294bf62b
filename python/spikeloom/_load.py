"""Networks from names, files, NIR graphs and PyTorch modules."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from ._network import Network
from ._spikeloom import InputError
from ._spikeloom import Network as _Network


def load(
    source: Any,
    *,
    dt: float | None = None,
    steps: int | None = None,
    events: bool | None = None,
    sample: Any = None,
) -> Network:
    """A network to compile.

    Args:
        source: one of

            - the name of a network that ships (``spikeloom.networks()``),
            - the path of a file: ``.safetensors`` (trained here), ``.nir``, ``.ron`` (a graph),
            - a ``nir.NIRGraph``,
            - a ``torch.nn.Module`` of snnTorch, Norse, sinabs or SpikingJelly, which is written to NIR by its own framework.
        dt: length of a timestep in the NIR file's unit of time, where the file does not say.
        steps: timesteps in which input arrives.
        events: True if samples are events over timesteps, False if they are images.
        sample: one input of a PyTorch module, a tensor with batch axis; frameworks need it to find shapes.

    What a file does not say and what was taken for it is in ``Network.remarks``.

    Raises:
        InputError: no such network, or one that cannot be expressed; the message names the place.
    """
    options = {"dt": dt, "steps": steps, "events": events}
    if isinstance(source, (str, os.PathLike)):
        return Network._of(_Network._open(os.fspath(source), **options))
    graph = source if _is_graph(source) else _exported(source, sample)
    return Network._of(_Network._open("network.nir", data=_written(graph), **options))


def _is_graph(source: Any) -> bool:
    return type(source).__module__.split(".")[0] == "nir" and hasattr(source, "nodes")


def _written(graph: Any) -> bytes:
    import nir

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.nir"
        nir.write(path, graph)
        return path.read_bytes()


def _exported(module: Any, sample: Any) -> Any:
    """The NIR graph that the module's own framework writes."""
    children = list(module.modules()) if hasattr(module, "modules") else [module]
    frameworks = [type(child).__module__.split(".")[0] for child in children]
    known = [f for f in frameworks if f in ("snntorch", "norse", "sinabs", "spikingjelly")]
    if not known:
        raise InputError(
            f"source: {type(module).__name__} is neither a name, a path, a nir.NIRGraph nor a module with neurons of snntorch, "
            "norse, sinabs or spikingjelly"
        )
    framework = known[0]
    if framework == "spikingjelly":
        from spikingjelly.activation_based.nir_exchange import export_to_nir

        return export_to_nir(module, sample)
    if sample is None:
        raise InputError(f"sample: {framework} needs one input to write the module as NIR; give a tensor with batch axis")
    if framework == "snntorch":
        from snntorch.export_nir import export_to_nir

        return export_to_nir(module, sample)
    if framework == "norse":
        from norse.torch.utils.export_nir import to_nir

        return to_nir(module, sample)
    from sinabs.nir import to_nir

    return to_nir(module, sample)
