#!/usr/bin/env python3
"""Networks of PyTorch frameworks, executed there and by spikeloom: how many spikes differ, as a table for docs/nir.md.

    scripts/nir_environment.sh; target/nir-environment/bin/python scripts/nir_frameworks.py [BITS]

Every network has random weights (multiples of 1/32, seed 1), 12 inputs that fire with probability 0.3 for 40 steps, and is exported by
the framework itself, in `spikeloom.load(module)`. It gets nothing else, except where the table says it. A layer's spikes are
compared neuron by neuron and step by step; a layer behind n spiking layers is shifted by n.
"""
import contextlib
import sys

import numpy as np
import torch
from torch import nn

import spikeloom

STEPS, INPUTS = 40, 12


def weights(module, scale, generator):
    with torch.no_grad():
        for p in module.parameters():
            if p.dim() > 1:
                p.copy_(torch.round(torch.randn(p.shape, generator=generator) * scale * 32) / 32)


def events(generator, shape=(INPUTS,)):
    return (torch.rand((STEPS, *shape), generator=generator) < 0.3).float()


def collect(layers, frames, step):
    """Spikes of every layer: counts [step][neuron]."""
    seen = [[] for _ in layers]
    with torch.no_grad():
        for frame in frames:
            for outputs, output in zip(seen, step(frame)):
                outputs.append(output.reshape(-1))
    return [torch.stack(outputs) for outputs in seen]


def snntorch_net(kind):
    import snntorch as snn

    def neuron():
        if "Synaptic" in kind:
            constants = {"alpha": torch.full((16,), 0.75), "beta": torch.full((16,), 0.875), "threshold": torch.ones(16)}
            return snn.Synaptic(**constants, reset_mechanism="zero" if "zero" in kind else "subtract", init_hidden=True)
        beta = {"beta 1": torch.ones(16), "learned beta": torch.linspace(0.75, 0.95, 16)}.get(kind, torch.full((16,), 0.875))
        if kind == "one beta for all":
            return snn.Leaky(beta=0.875, init_hidden=True)
        reset = kind.removeprefix("reset ") if kind.startswith("reset") else "subtract"
        return snn.Leaky(beta=beta, threshold=torch.ones(16), reset_mechanism=reset, init_hidden=True)

    net = nn.Sequential(nn.Linear(INPUTS, 16, bias=False), neuron(), nn.Linear(16, 16, bias=False), neuron())
    g = torch.Generator().manual_seed(1)
    weights(net, 0.25 if "Synaptic" in kind else 0.5, g)
    frames = events(g)

    def step(frame):
        a = net[1](net[0](frame[None]))
        return a, net[3](net[2](a))

    seen = collect((1, 3), frames, step)
    return net, torch.zeros(1, INPUTS), frames, seen


def spikingjelly_net(kind):
    from spikingjelly.activation_based import functional, layer, neuron

    def node():
        if kind == "IFNode":
            return neuron.IFNode(v_reset=0.0)
        return neuron.LIFNode(tau=8.0, decay_input="decay" in kind, v_threshold=1.0, v_reset=-0.5 if "v_reset" in kind else 0.0)

    net = nn.Sequential(layer.Linear(INPUTS, 16, bias=False), node(), layer.Linear(16, 16, bias=False), node())
    g = torch.Generator().manual_seed(1)
    weights(net, 2.0 if "decay" in kind else 0.5, g)
    frames = events(g)
    functional.reset_net(net)

    def step(frame):
        a = net[1](net[0](frame[None]))
        return a, net[3](net[2](a))

    seen = collect((1, 3), frames, step)
    functional.reset_net(net)
    return net, torch.zeros(1, INPUTS), frames, seen


def norse_net(kind):
    import norse.torch as norse

    p = norse.LIFBoxParameters(tau_mem_inv=torch.full((16,), 100.0), v_leak=torch.full((16,), 0.5 if "v_leak" in kind else 0.0), v_th=torch.ones(16), v_reset=torch.zeros(16))
    net = norse.SequentialState(
        nn.Linear(INPUTS, 16, bias=False), norse.LIFBoxCell(p), nn.Linear(16, 16, bias=False), norse.LIFBoxCell(p)
    )
    g = torch.Generator().manual_seed(1)
    weights(net, 4.0, g)
    frames = events(g)
    layers = list(net.children())
    state = [None, None]

    def step(frame):
        a, state[0] = layers[1](layers[0](frame[None]), state[0])
        b, state[1] = layers[3](layers[2](a), state[1])
        return a, b

    seen = collect((1, 3), frames, step)
    return net, torch.zeros(1, INPUTS), frames, seen


def sinabs_net(kind):
    import sinabs.layers as sl
    from sinabs.activation import MultiSpike, SingleSpike

    fn = SingleSpike if "single" in kind else MultiSpike
    floor = -1.0 if "min_v_mem" in kind else None

    def node():
        if kind.startswith("LIF"):
            return sl.LIF(tau_mem=torch.full((16,), 8.0), spike_threshold=torch.ones(16), spike_fn=fn, norm_input=True)
        return sl.IAF(spike_fn=fn, min_v_mem=floor)

    net = nn.Sequential(nn.Linear(INPUTS, 16, bias=False), node(), nn.Linear(16, 16, bias=False), node())
    g = torch.Generator().manual_seed(1)
    weights(net, 2.0 if kind.startswith("LIF") else 0.5, g)
    frames = events(g)
    with torch.no_grad():
        a = net[1](net[0](frames[None]))
        b = net[3](net[2](a))
    return net, torch.zeros(1, STEPS, INPUTS), frames, [a[0], b[0]]


def loop_net(kind):
    """A loop of two layers, written as NIR and executed by the framework's own importer; its neurons reset to 0."""
    import nir

    n, dt = 16, 1e-4
    g = torch.Generator().manual_seed(1)

    def linear(inputs, scale):
        return nir.Linear((torch.round(torch.randn((n, inputs), generator=g) * scale * 32) / 32).numpy())

    def full(value):
        return np.full(n, value, np.float32)

    def neurons():
        if "IF" in kind:
            return nir.IF(r=full(1 / dt), v_threshold=full(1.0), v_reset=full(0.0))
        return nir.LIF(tau=full(8 * dt), r=full(8.0), v_leak=full(0.0), v_threshold=full(1.0), v_reset=full(0.0))

    nodes = {
        "input": nir.Input({"input": np.array([INPUTS])}),
        "fc1": linear(INPUTS, 0.5),
        "lif1": neurons(),
        "fc2": linear(n, 0.5),
        "lif2": neurons(),
        "back": linear(n, 0.25),
        "output": nir.Output({"output": np.array([n])}),
    }
    chain = ["input", "fc1", "lif1", "fc2", "lif2", "output"]
    edges = [*zip(chain, chain[1:]), ("lif2", "back"), ("back", "lif1")]
    graph = nir.NIRGraph(nodes, edges, type_check=False)
    frames = events(g)
    if "IF" in kind:
        from spikingjelly.activation_based.nir_exchange import import_from_nir
    else:
        from snntorch.import_nir import import_from_nir
    net, state = import_from_nir(graph), None
    seen = {"lif1": [], "lif2": []}
    for name, module in net.named_modules():
        if name in seen:
            first = lambda out: out[0] if isinstance(out, tuple) else out  # noqa: E731
            module.register_forward_hook(lambda _m, _i, out, to=seen[name]: to.append(first(out).detach().reshape(-1)))
    with torch.no_grad():
        for frame in frames:
            _, state = net(frame[None], state)
    return graph, None, frames, [torch.stack(layer) for layer in seen.values()]


CASES = [
    ("snntorch", "Leaky (default)", snntorch_net, {}),
    ("snntorch", "reset zero", snntorch_net, {"reset": "zero"}),
    ("snntorch", "reset none", snntorch_net, {"reset": "none"}),
    ("snntorch", "beta 1", snntorch_net, {}),
    ("snntorch", "learned beta", snntorch_net, {}),
    ("snntorch", "one beta for all", snntorch_net, {}),
    ("snntorch", "Synaptic", snntorch_net, {}),
    ("snntorch", "Synaptic, reset zero", snntorch_net, {"reset": "zero-next-step"}),
    ("spikingjelly", "IFNode", spikingjelly_net, {}),
    ("spikingjelly", "LIFNode", spikingjelly_net, {}),
    ("spikingjelly", "LIFNode, decay_input", spikingjelly_net, {}),
    ("spikingjelly", "LIFNode, v_reset -0.5", spikingjelly_net, {}),
    ("norse", "LIFBoxCell", norse_net, {}),
    ("norse", "LIFBoxCell, v_leak 0.5", norse_net, {}),
    ("sinabs", "IAF (default)", sinabs_net, {}),
    ("sinabs", "IAF, single spike", sinabs_net, {"spikes": "one"}),
    ("sinabs", "IAF, single spike, min_v_mem -1", sinabs_net, {"spikes": "one", "floor": -1}),
    ("sinabs", "LIF (default)", sinabs_net, {}),
    ("snntorch", "loop of two layers, imported", loop_net, {"profile": "snntorch", "reset": "zero"}),
    ("spikingjelly", "IF, loop of two layers, imported", loop_net, {"profile": "spikingjelly"}),
]
# Timesteps per step of networks with loops through several layers.
PACES = {loop_net: 2}


def differing(module, sample, frames, layers, options, bits, pace):
    """Spikes that differ, and spikes, by layer."""
    network = spikeloom.load(module, sample=sample, steps=STEPS, coding="events", **options)
    result = network.compile("lemaire_ideal", weight_bits=bits).run(frames[None] > 0, mode="counts", spikes=True)
    # Layers come in the order of the network, input first.
    for depth, (name, expected) in enumerate(zip(result.layers[1:], layers)):
        wanted = {(pace * t + depth, n) for t, n in np.argwhere(expected.numpy() > 0).tolist()}
        found = {(t, n) for _, t, n in result.spikes(name).tolist() if t < pace * STEPS + depth}
        yield f"{len(found ^ wanted)} of {len(wanted)}"


def main():
    bits = int(sys.argv[1]) if len(sys.argv) > 1 else 16
    print(f"| framework | network | beside the profile | spikes that differ, by layer ({bits} bits) |\n|---|---|---|---|")
    for framework, kind, build, options in CASES:
        given = ", ".join(f"{name}={value!r}" for name, value in options.items())
        try:
            # Importers print what they do.
            with contextlib.redirect_stdout(sys.stderr):
                built = build(kind)
            cells = ", ".join(differing(*built, options, bits, PACES.get(build, 1)))
        except Exception as error:
            cells = f"{type(error).__name__}: {' '.join(str(error).split())[:160]}"
        print(f"| {framework} | {kind} | {given} | {cells} |", flush=True)


main()
