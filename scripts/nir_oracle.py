#!/usr/bin/env python3
"""Executes a NIR file with plain loops over its equations and writes events and expected spikes beside it.

    python3 scripts/nir_oracle.py models/nir/golden/nodes/*.nir          (needs numpy and h5py)

An oracle that shares no code with spikeloom: forward Euler, reset to v_reset, v > theta, start at 0; a node sees
what its predecessors give in the same step, unless that closes a loop. NAME.csv holds the events of one sample (Inputs one behind
the other, in the order of their names), NAME.json the spikes of every spiking node as [step, neuron].
"""
import json
import sys
from pathlib import Path

import h5py
import numpy as np

STEPS = 40
# Timesteps in which the files spike; 1e-4 elsewhere.
TIMESTEPS = {"het_thr_map": 1.0, "het_tau": 5e-4, "v_reset_high": 5e-4}
DT = 1e-4


def load(path):
    with h5py.File(path) as file:
        root = file["node"]
        edges = [tuple(name.decode() for name in pair) for pair in root["edges"][()]]
        nodes = {}
        for name, group in root["nodes"].items():
            fields = {key: value[()] for key, value in group.items()}
            nodes[name] = {k: v.decode() if isinstance(v, bytes) else v for k, v in fields.items()}
    return nodes, edges


def same(kernel, dilation):
    total = dilation * (kernel - 1)
    return total // 2, total - total // 2


def conv(node, x):
    one = node["type"] == "Conv1d"
    w = node["weight"][:, :, None, :] if one else node["weight"]
    x = x[:, None, :] if one else x

    def sides(key, default):
        value = node.get(key, default)
        return (default, int(value)) if one else tuple(int(v) for v in np.broadcast_to(value, 2))

    stride, dilation = sides("stride", 1), sides("dilation", 1)
    if isinstance(node.get("padding"), str):
        pad = [same(w.shape[2], dilation[0]), same(w.shape[3], dilation[1])]
    else:
        pad = [(p, p) for p in sides("padding", 0)]
    x = np.pad(x, [(0, 0), *pad])
    out = [(x.shape[1 + a] - dilation[a] * (w.shape[2 + a] - 1) - 1) // stride[a] + 1 for a in (0, 1)]
    groups = int(node.get("groups", 1))
    y = np.zeros((w.shape[0], *out))
    per_out, per_in = w.shape[0] // groups, w.shape[1]
    for o in range(w.shape[0]):
        first = o // per_out * per_in
        for yy in range(out[0]):
            for xx in range(out[1]):
                total = float(node["bias"][o]) if "bias" in node else 0.0
                for i in range(per_in):
                    for ky in range(w.shape[2]):
                        for kx in range(w.shape[3]):
                            source = x[first + i, yy * stride[0] + ky * dilation[0], xx * stride[1] + kx * dilation[1]]
                            total += float(w[o, i, ky, kx]) * source
                y[o, yy, xx] = total
    return y[:, 0, :] if one else y


def pool(node, x):
    (kh, kw), (sh, sw), (ph, pw) = (np.broadcast_to(node[k], 2) for k in ("kernel_size", "stride", "padding"))
    x = np.pad(x, [(0, 0), (ph, ph), (pw, pw)])
    rows, columns = (x.shape[1] - kh) // sh + 1, (x.shape[2] - kw) // sw + 1
    y = np.zeros((x.shape[0], rows, columns))
    for r in range(rows):
        for c in range(columns):
            y[:, r, c] = x[:, r * sh : r * sh + kh, c * sw : c * sw + kw].sum(axis=(1, 2))
    return y / (kh * kw) if node["type"] == "AvgPool2d" else y


class Execution:
    def __init__(self, nodes, edges):
        self.nodes, self.edges = nodes, edges
        self.state, self.past = {}, {}

    def neuron(self, name, node, x):
        kind = node["type"]
        v, u = self.state.get(name, (np.zeros_like(x), np.zeros_like(x)))
        if kind.startswith("Cuba"):
            u = u + DT / node["tau_syn"] * (-u + node["w_in"] * x)
            x = u
        if kind in ("I", "IF"):
            v = v + DT * node["r"] * x
        else:
            v = v + DT / node["tau_mem" if kind.startswith("Cuba") else "tau"] * (node["v_leak"] - v + node["r"] * x)
        spikes = None
        if kind.endswith("F"):
            spikes = v > node["v_threshold"]
            v = np.where(spikes, node.get("v_reset", np.zeros_like(v)), v)
        self.state[name] = (v, u)
        return v if spikes is None else spikes.astype(float)

    def delay(self, name, node, x):
        steps = np.rint(np.broadcast_to(node["delay"], x.shape) / DT).astype(int)
        past = self.past.setdefault(name, [])
        past.append(x)
        at = lambda i: past[len(past) - 1 - steps[i]][i] if len(past) > steps[i] else 0.0
        return np.array([at(i) for i in np.ndindex(x.shape)]).reshape(x.shape)

    def node(self, name, values):
        node = self.nodes[name]
        kind = node["type"]
        inputs = [values[source] for source, target in self.edges if target == name]
        target = next((x.shape for x in inputs if x.ndim > 1), inputs[0].shape)
        x = sum(x.reshape(target) if x.size == np.prod(target) else x for x in inputs)
        if kind in ("Affine", "Linear"):
            w = node["weight"].astype(float)
            if x.shape[-1] != w.shape[1]:
                x = x.reshape(-1)
            return x @ w.T + (node["bias"] if "bias" in node else 0.0)
        if kind in ("Conv1d", "Conv2d"):
            return conv(node, x)
        if kind in ("SumPool2d", "AvgPool2d"):
            return pool(node, x)
        if kind == "Flatten":
            # start_dim 1 of three dimensions: what follows takes all values.
            return x.reshape(-1)
        if kind == "Scale":
            return x * node["scale"]
        if kind == "Delay":
            return self.delay(name, node, x)
        if kind == "Output":
            return x
        return self.neuron(name, node, x.reshape(np.shape(node["r"])) if np.ndim(node["r"]) else x)


def order(nodes, edges):
    done, left = [], sorted(nodes)
    while left:
        name = next(n for n in left if all(s in done for s, t in edges if t == n))
        done.append(name)
        left.remove(name)
    return done


def run(path, seed):
    global DT
    DT = TIMESTEPS.get(path.stem, 1e-4)
    nodes, edges = load(path)
    rng = np.random.default_rng(seed)
    inputs = sorted(name for name, node in nodes.items() if node["type"] == "Input")
    sizes = {name: int(np.prod(nodes[name]["shape"])) for name in inputs}
    frames = rng.random((STEPS, sum(sizes.values()))) < 0.5
    execution, spikes = Execution(nodes, edges), {}
    reals = {}
    for t in range(STEPS):
        values, start = {}, 0
        for name in inputs:
            values[name] = frames[t, start : start + sizes[name]].astype(float).reshape(nodes[name]["shape"])
            start += sizes[name]
        for name in order(nodes, edges):
            if name in values:
                continue
            values[name] = execution.node(name, values)
            kind = nodes[name]["type"]
            if kind.endswith("IF"):
                fired = np.flatnonzero(values[name])
                spikes.setdefault(name, []).extend([t, int(neuron)] for neuron in fired)
            elif kind in ("I", "LI", "CubaLI"):
                reals[name] = values[name].reshape(-1).tolist()
    path.with_suffix(".csv").write_text(
        "timestep,neuron\n" + "".join(f"{t},{n}\n" for t in range(STEPS) for n in np.flatnonzero(frames[t]))
    )
    path.with_suffix(".json").write_text(
        json.dumps({"dt": DT, "steps": STEPS, "spikes": spikes, "potentials": reals}) + "\n"
    )
    print(path.name, {name: len(list_) for name, list_ in spikes.items()}, list(reals))


for seed, file in enumerate(sorted(sys.argv[1:])):
    run(Path(file), seed)
