"""lava-dl's spiking PilotNet as NIR, and its golden input as events, for `spikeloom reproduce silicon --pilotnet OUT`.

    pip install nir h5py numpy
    python3 scripts/pilotnet_nir.py NETWORK.net GOLDEN.npz OUT

NETWORK.net is lava-dl's `tests/lava/lib/dl/netx/gts/pilotnet_lif/network.net` (BSD-3-Clause, Intel). GOLDEN.npz holds the
golden traces of the same folder as arrays (timestep, channel, row, column); used is `input_spikes`.
"""

import sys
from pathlib import Path

import h5py
import nir
import numpy as np

TIMESTEPS = 16


def neurons(shape, layer):
    """A leaky neuron: decay of vDecay/4096 per step, input unscaled, reset to 0."""
    tau = 4096 / int(layer["neuron/vDecay"][()])
    of = lambda value: np.full(shape, float(value))
    threshold = int(layer["neuron/vThMant"][()])
    return nir.LIF(tau=of(tau), r=of(tau), v_leak=of(0), v_threshold=of(threshold), v_reset=of(0))


def network(layers):
    """The graph behind the input layer, a chain; the last layer is read as a potential."""
    nodes = {"input": nir.Input(input_type={"input": np.array(layers["0/shape"][()])})}
    edges, shape = [], tuple(int(n) for n in layers["0/shape"][()])
    last = max(layers, key=int)

    def add(name, node):
        edges.append((list(nodes)[-1], name))
        nodes[name] = node

    for key in sorted(layers, key=int)[1:]:
        layer = layers[key]
        kind = layer["type"][0].decode()
        if kind == "flatten":
            add(f"flatten{key}", nir.Flatten(input_type={"input": np.array(shape)}, start_dim=0, end_dim=-1))
            continue
        weight, bias = layer["weight"][()].astype(float), layer["bias"][()].astype(float).ravel()
        pair = lambda field: tuple(int(n) for n in layer[field][()])
        if kind == "conv":
            add(
                f"conv{key}",
                nir.Conv2d(
                    input_shape=shape[1:], weight=weight, stride=pair("stride"), padding=pair("padding"),
                    dilation=pair("dilation"), groups=int(layer["groups"][()]), bias=bias,
                ),
            )
            shape = pair("shape")
        else:
            add(f"dense{key}", nir.Affine(weight=weight.reshape(-1, int(layer["inFeatures"][()])), bias=bias))
            shape = (bias.size,)
        add(f"neurons{key}", nir.I(r=np.ones(shape)) if key == last else neurons(shape, layer))
    add("output", nir.Output(output_type={"output": np.array(shape)}))
    return nir.NIRGraph(nodes, edges)


def main():
    net, golden, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    with h5py.File(net) as file:
        nir.write(out / "pilotnet.nir", network(file["layer"]))
    spikes = np.load(golden)["input_spikes"][:TIMESTEPS]
    rows = (f"{t},{i}\n" for t, step in enumerate(spikes) for i in np.flatnonzero(step.ravel()))
    (out / "pilotnet.csv").write_text("timestep,neuron\n" + "".join(rows))


if __name__ == "__main__":
    main()
