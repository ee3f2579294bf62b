"""Modules of PyTorch frameworks as NIR graphs, each written by its own framework."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ._spikeloom import InputError

_FRAMEWORKS = ("snntorch", "norse", "sinabs", "spikingjelly")


def is_graph(source: Any) -> bool:
    """Whether it is a graph of the package ``nir``."""
    return type(source).__module__.split(".")[0] == "nir" and hasattr(source, "nodes")


def exported(module: Any, sample: Any) -> tuple[Any, str]:
    """The NIR graph that the module's own framework writes, and the framework's name."""
    children = list(module.modules()) if hasattr(module, "modules") else [module]
    found = [type(child).__module__.split(".")[0] for child in children]
    known = sorted({name for name in found if name in _FRAMEWORKS})
    if not known:
        raise InputError(
            f"source: {type(module).__name__} is neither a name, a path, a nir.NIRGraph nor a module with neurons of snntorch, "
            "norse, sinabs or spikingjelly"
        )
    if len(known) > 1:
        raise InputError(f"source: has layers of {' and '.join(known)}, whose defaults differ; write it to NIR yourself and give the graph")
    framework = known[0]
    if sample is None:
        raise InputError(f"sample: {framework} needs one input to write the module as NIR; give a tensor with batch axis")
    try:
        return _EXPORTERS[framework](module, sample), framework
    except ImportError as error:
        raise ImportError(f"{framework} writes NIR with the packages nir and nirtorch: {error}") from error
    except Exception as error:
        raise InputError(f"source: {framework} could not write the module as NIR: {type(error).__name__}: {error}") from error


def _snntorch(module: Any, sample: Any) -> Any:
    from snntorch.export_nir import export_to_nir

    with _constants_by_neuron(module, sample):
        return export_to_nir(module, sample, ignore_dims=[0] if sample.dim() > 1 else [])


@contextmanager
def _constants_by_neuron(module: Any, sample: Any) -> Iterator[None]:
    """Meanwhile, neurons of snnTorch with one constant for all, as in ``Leaky(beta=0.9)``, have one each: its exporter asks for it."""
    from snntorch import SpikingNeuron

    neurons = [m for m in module.modules() if isinstance(m, SpikingNeuron)]
    states = [neuron.mem for neuron in neurons if hasattr(neuron, "mem")]
    shapes = _shapes(module, sample, neurons)
    kept = []
    for neuron in neurons:
        for name in ("alpha", "beta", "threshold"):
            for store in (neuron._parameters, neuron._buffers):
                value = store.get(name)
                if value is not None and value.numel() == 1 and id(neuron) in shapes:
                    kept.append((store, name, value))
                    store[name] = _as_parameter(value, value.detach().reshape(()).expand(shapes[id(neuron)].given).clone())
    try:
        yield
    finally:
        for store, name, value in kept:
            store[name] = value
        for neuron, state in zip([n for n in neurons if hasattr(n, "mem")], states, strict=True):
            neuron.mem = state


class _Shapes(NamedTuple):
    """Shapes of what goes into a layer and of what comes out, without the batch axis."""

    taken: Any
    given: Any


def _shapes(module: Any, sample: Any, layers: list[Any]) -> dict[int, _Shapes]:
    """The shapes of layers, by identity, for the sample."""
    import torch

    shapes: dict[int, _Shapes] = {}
    skipped = 1 if sample.dim() > 1 else 0

    def look(layer: Any, inputs: Any, output: Any) -> None:
        first = output[0] if isinstance(output, tuple) else output
        if hasattr(first, "shape") and inputs and hasattr(inputs[0], "shape"):
            shapes[id(layer)] = _Shapes(inputs[0].shape[skipped:], first.shape[skipped:])

    hooks = [layer.register_forward_hook(look) for layer in layers]
    try:
        with torch.no_grad():
            module(sample)
    finally:
        for hook in hooks:
            hook.remove()
    return shapes


def _as_parameter(like: Any, value: Any) -> Any:
    import torch

    return torch.nn.Parameter(value) if isinstance(like, torch.nn.Parameter) else value


def _norse(module: Any, sample: Any) -> Any:
    """As Norse writes it, but without the batch axis, with flattening, which it leaves out, and with one constant per neuron."""
    import nir
    import numpy as np
    import torch
    from norse.torch.utils.export_nir import to_nir

    graph = to_nir(module, sample)
    modules = dict(module.named_modules())
    shapes = _shapes(module, sample, list(modules.values()))
    for name, node in graph.nodes.items():
        if isinstance(node, nir.Input) and sample.dim() > 1:
            graph.nodes[name] = nir.Input(np.array(sample.shape[1:]))
        elif isinstance(node, nir.Output) and sample.dim() > 1:
            graph.nodes[name] = nir.Output(node.output_type["output"][1:])
        elif node is None and isinstance(modules.get(name), torch.nn.Flatten):
            graph.nodes[name] = nir.Flatten(np.array(shapes[id(modules[name])].taken), start_dim=0, end_dim=-1)
        elif node is None:
            raise TypeError(f"it does not write `{name}`, a {type(modules.get(name)).__name__}")
        elif isinstance(node, (nir.LIF, nir.CubaLIF, nir.LI, nir.IF)):
            constants = {field: np.asarray(value) for field, value in vars(node).items() if hasattr(value, "ndim")}
            if any(value.ndim == 0 for value in constants.values()):
                shape = shapes[id(modules[name])].given
                graph.nodes[name] = type(node)(**{field: np.broadcast_to(value, shape).copy() for field, value in constants.items()})
    graph.infer_types()
    return graph


def _sinabs(module: Any, sample: Any) -> Any:
    import nir
    from sinabs.layers import SqueezeMixin, StatefulLayer
    from sinabs.nir import to_nir

    graph = to_nir(module, sample)
    timed = [m for m in module.modules() if isinstance(m, StatefulLayer) and not isinstance(m, SqueezeMixin)]
    if timed:
        # Layers that do not fold time into the batch get batch × time × …; sinabs takes the batch off the shapes, time is left.
        for name, node in graph.nodes.items():
            if isinstance(node, nir.Input):
                graph.nodes[name] = nir.Input(node.input_type["input"][1:])
            elif isinstance(node, nir.Output):
                graph.nodes[name] = nir.Output(node.output_type["output"][1:])
    return graph


def _spikingjelly(module: Any, sample: Any) -> Any:
    from spikingjelly.activation_based.nir_exchange import export_to_nir

    return export_to_nir(module, sample)


_EXPORTERS = {"snntorch": _snntorch, "norse": _norse, "sinabs": _sinabs, "spikingjelly": _spikingjelly}
