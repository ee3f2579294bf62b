"""Writes the NIR files and reference spikes that models/nir/tests/network.rs reads: models/nir/golden/*.nir, *.json.

Needs `pip install nir==1.0.8 numpy`. The networks are executed here by plain loops over NIR's equations (forward Euler), which
share no code with spikeloom. All constants are dyadic, so that both sides compute the same reals.
"""

import json
import pathlib
import sys

import h5py
import nir
import numpy as np

OUT = pathlib.Path(__file__).resolve().parent.parent / "models" / "nir" / "golden"
DT = 2.0**-10
STEPS = 24
rng = np.random.default_rng(7)


def dyadic(shape, scale=1.0, grid=32):
    return (np.round(rng.normal(size=shape) * scale * grid) / grid).astype(np.float32)


def conv2d(x, w, b, stride, padding, dilation, groups):
    """Cross-correlation, as torch.nn.functional.conv2d."""
    (out, per, kh, kw), (c, h, wd) = w.shape, x.shape
    xp = np.zeros((c, h + 2 * padding[0], wd + 2 * padding[1]))
    xp[:, padding[0] : padding[0] + h, padding[1] : padding[1] + wd] = x
    oh = (xp.shape[1] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    ow = (xp.shape[2] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    y = np.zeros((out, oh, ow))
    for o in range(out):
        g = o // (out // groups)
        for i in range(oh):
            for j in range(ow):
                acc = 0.0
                for k in range(per):
                    for a in range(kh):
                        for e in range(kw):
                            acc += w[o, k, a, e] * xp[g * per + k, i * stride[0] + a * dilation[0], j * stride[1] + e * dilation[1]]
                y[o, i, j] = acc + b[o]
    return y


def pool(x, kernel, stride, padding, average):
    c = x.shape[0]
    w = np.ones((c, 1, *kernel)) / (kernel[0] * kernel[1] if average else 1)
    return conv2d(x, w, np.zeros(c), stride, padding, (1, 1), c)


class Sim:
    """One NIR graph, all nodes in one step; edges of `back` carry what was sent in the step before."""

    def __init__(self, graph, order, back):
        self.graph, self.order, self.back = graph, order, back
        self.v, self.last = {}, {}

    def step(self, x):
        now = {"input": x}
        spikes = {}
        for name in self.order:
            node = self.graph.nodes[name]
            total = 0.0
            for source, target in self.graph.edges:
                if target == name:
                    given = self.last.get(source, 0.0) if (source, target) in self.back else now[source]
                    total = total + np.asarray(given, dtype=float)
            kind = type(node).__name__
            if kind == "Conv2d":
                padding = node.padding
                if isinstance(padding, str):
                    padding = tuple(d * (k - 1) // 2 for d, k in zip(node.dilation, node.weight.shape[2:]))
                y = conv2d(total, node.weight, node.bias, node.stride, padding, node.dilation, node.groups)
            elif kind in ("SumPool2d", "AvgPool2d"):
                y = pool(total, node.kernel_size, node.stride, node.padding, kind == "AvgPool2d")
            elif kind == "Flatten":
                y = total.reshape(-1)
            elif kind == "Affine":
                y = node.weight.astype(float) @ total + node.bias
            elif kind == "Linear":
                y = node.weight.astype(float) @ total if np.ndim(total) else np.zeros(node.weight.shape[0])
            elif kind == "Scale":
                y = node.scale * total
            elif kind in ("IF", "LIF"):
                v = self.v.get(name, np.zeros(node.v_threshold.shape))
                if kind == "IF":
                    v = v + DT * node.r * total
                else:
                    v = v + DT / node.tau * (node.v_leak - v + node.r * total)
                y = (v > node.v_threshold).astype(float)
                v = np.where(y > 0, node.v_reset, v)
                self.v[name] = v
                spikes[name] = np.flatnonzero(y).tolist()
            else:
                raise ValueError(kind)
            now[name] = y
        self.last = now
        return spikes


def full(shape, value):
    return np.full(shape, value, dtype=np.float32)


def lif(shape, tau_steps, threshold, v_leak=0.0, v_reset=0.0):
    tau = tau_steps * DT
    return nir.LIF(
        tau=full(shape, tau), r=full(shape, tau_steps), v_leak=full(shape, v_leak),
        v_threshold=full(shape, threshold), v_reset=full(shape, v_reset),
    )


def run(graph, order, back, shape):
    sim = Sim(graph, order, back)
    events, spikes = [], []
    for _ in range(STEPS):
        x = (rng.random(shape) < 0.25).astype(float)
        events.append(np.flatnonzero(x).tolist())
        spikes.append(sim.step(x))
    neurons = {n: [s[n] for s in spikes] for n in spikes[0]}
    for name, list_ in neurons.items():
        assert 0 < sum(map(len, list_)), f"{name} is silent: the case tests nothing"
    return {"dt": DT, "events": events, "spikes": neurons}


def save(name, graph, golden):
    nir.write(OUT / f"{name}.nir", graph)
    (OUT / f"{name}.json").write_text(json.dumps(golden) + "\n")


def csnn():
    """Grouped, dilated, non-square, padded convolutions; pooling of both kinds; a skip; a recurrent layer."""
    shape = (2, 9, 8)
    nodes = {
        "input": nir.Input(np.array(shape)),
        "conv1": nir.Conv2d(
            input_shape=(9, 8), weight=dyadic((4, 1, 3, 2)), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2,
            bias=dyadic(4, 0.1),
        ),
        "if1": nir.IF(r=full((4, 5, 6), 1 / DT), v_threshold=full((4, 5, 6), 1.0), v_reset=full((4, 5, 6), 0.0)),
        "pool": nir.SumPool2d(kernel_size=np.array([2, 2]), stride=np.array([2, 2]), padding=np.array([0, 0])),
        "conv2": nir.Conv2d(
            input_shape=(2, 3), weight=dyadic((3, 4, 3, 3), 0.5), stride=1, padding="same", dilation=1, groups=1,
            bias=np.zeros(3, dtype=np.float32),
        ),
        "lif2": lif((3, 2, 3), 8.0, 0.75, v_leak=0.125, v_reset=-0.25),
        "mean": nir.AvgPool2d(kernel_size=np.array([2, 2]), stride=np.array([1, 1]), padding=np.array([1, 0])),
        "flatten": nir.Flatten(input_type={"input": np.array([3, 3, 2])}, start_dim=0, end_dim=-1),
        "fc": nir.Affine(weight=dyadic((5, 18), 0.75), bias=dyadic(5, 0.05)),
        "skip": nir.Flatten(input_type={"input": np.array([4, 5, 6])}, start_dim=0, end_dim=-1),
        "skip_fc": nir.Linear(weight=dyadic((5, 120), 0.1)),
        "lif3": lif((5,), 4.0, 1.0),
        "recurrent": nir.Linear(weight=dyadic((5, 5), 0.25)),
        "output": nir.Output(np.array([5])),
    }
    edges = [
        ("input", "conv1"), ("conv1", "if1"), ("if1", "pool"), ("pool", "conv2"), ("conv2", "lif2"), ("lif2", "mean"),
        ("mean", "flatten"), ("flatten", "fc"), ("fc", "lif3"), ("if1", "skip"), ("skip", "skip_fc"), ("skip_fc", "lif3"),
        ("lif3", "recurrent"), ("recurrent", "lif3"), ("lif3", "output"),
    ]
    graph = nir.NIRGraph(nodes=nodes, edges=edges, type_check=False)
    order = ["conv1", "if1", "pool", "conv2", "lif2", "mean", "flatten", "fc", "skip", "skip_fc", "recurrent", "lif3"]
    # The recurrent weights see the spikes of the step before.
    golden = run(graph, order, {("lif3", "recurrent")}, shape)
    save("csnn", graph, golden)
    with h5py.File(OUT / "csnn.nir", "a") as f:
        del f["node/nodes/conv1/input_shape"]  # nir.write raises without it, other exporters leave it out


def nested():
    """The same layer twice, once inside a nested graph; a Scale that folds away."""
    inner = nir.NIRGraph(
        nodes={
            "input": nir.Input(np.array([6])),
            "w": nir.Affine(weight=dyadic((6, 6), 0.5), bias=dyadic(6, 0.1)),
            "lif": lif((6,), 2.0, 0.5),
            "output": nir.Output(np.array([6])),
        },
        edges=[("input", "w"), ("w", "lif"), ("lif", "output")],
    )
    nodes = {
        "input": nir.Input(np.array([6])),
        "scale": nir.Scale(scale=np.array([1, 2, 0.5, 1, 1, -1], dtype=np.float32)),
        "block": inner,
        "fc": nir.Linear(weight=np.abs(dyadic((3, 6)))),
        "if": nir.IF(r=full(3, 1 / DT), v_threshold=full(3, 0.75), v_reset=full(3, 0.0)),
        "output": nir.Output(np.array([3])),
    }
    edges = [("input", "scale"), ("scale", "block"), ("block", "fc"), ("fc", "if"), ("if", "output")]
    graph = nir.NIRGraph(nodes=nodes, edges=edges)
    flat = nir.NIRGraph(
        nodes={
            "input": nodes["input"], "scale": nodes["scale"], "block.w": inner.nodes["w"], "block.lif": inner.nodes["lif"],
            "fc": nodes["fc"], "if": nodes["if"], "output": nodes["output"],
        },
        edges=[("input", "scale"), ("scale", "block.w"), ("block.w", "block.lif"), ("block.lif", "fc"), ("fc", "if"), ("if", "output")],
    )
    golden = run(flat, ["scale", "block.w", "block.lif", "fc", "if"], set(), (6,))
    save("nested", graph, golden)


def loose():
    """What readers must tolerate: 16-bit floats, scalars, fixed strings, LZF, unknown fields, no v_reset, leading ones."""
    weight = dyadic((2, 3))
    graph = nir.NIRGraph(
        nodes={
            "input": nir.Input(np.array([3])),
            "fc": nir.Linear(weight=weight),
            "lif": lif((2,), 4.0, 0.5),
            "output": nir.Output(np.array([2])),
        },
        edges=[("input", "fc"), ("fc", "lif"), ("lif", "output")],
    )
    golden = run(graph, ["fc", "lif"], set(), (3,))
    (OUT / "loose.json").write_text(json.dumps(golden) + "\n")
    with h5py.File(OUT / "loose.nir", "w") as f:
        root = f.create_group("node")
        root["type"] = np.bytes_("NIRGraph")
        root["edges"] = np.array([[b"input", b"fc"], [b"fc", b"lif"], [b"lif", b"output"]])
        nodes = root.create_group("nodes")
        nodes["input/type"], nodes["input/shape"] = np.bytes_("Input"), np.array([1, 3], dtype=np.int32)
        nodes["output/type"], nodes["output/shape"] = np.bytes_("Output"), np.array([1, 1, 2], dtype=np.float64)
        nodes["fc/type"] = np.bytes_("Linear")
        nodes.create_dataset("fc/weight", data=weight.astype(np.float16), chunks=(1, 3), compression="lzf", shuffle=True)
        nodes["fc/colour"] = "blue"
        nodes["lif/type"] = np.bytes_("LIF")
        nodes["lif/tau"], nodes["lif/r"] = np.float64(4 * DT), np.array([4.0], dtype=np.float32)
        nodes["lif/v_threshold"] = np.array([[0.5]], dtype=np.float16)
        nodes["lif/v_leak"] = np.int64(0)


if __name__ == "__main__":
    csnn()
    nested()
    loose()
    print("wrote", *sorted(p.name for p in OUT.iterdir()), file=sys.stderr)
