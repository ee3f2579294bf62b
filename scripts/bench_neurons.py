#!/usr/bin/env python3
"""What a neuron model costs the simulator: instructions per recording of one network with IF, LIF and CubaLIF neurons.

    python3 scripts/bench_neurons.py target/release/spikeloom

A network of 256 inputs, 512, 512 and 10 neurons with random weights; 9 recordings of 100 steps, in which 2 % of the inputs fire. Instructions (callgrind) of a run over all of
them less those of a run over one, by 8. Needs valgrind, h5py and numpy; writes into a temporary folder.
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

SIZES, STEPS, RECORDINGS = [256, 512, 512, 10], 100, 9


def network(path, model):
    """The file of a network of these neurons, at a timestep of 1e-4; the gains make them fire about as often."""
    rng = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        file["version"] = "1.0.8"
        graph = file.create_group("node")
        graph["type"] = "NIRGraph"
        nodes, chain = graph.create_group("nodes"), ["input"]

        def put(name, kind, **values):
            node = nodes.create_group(name)
            node["type"] = kind
            for key, value in values.items():
                node[key] = value
            if name != "input":
                chain.append(name)

        put("input", "Input", shape=np.array([SIZES[0]]))
        for i, (inputs, n) in enumerate(zip(SIZES, SIZES[1:])):
            put(f"fc{i}", "Linear", weight=(rng.standard_normal((n, inputs)) / np.sqrt(inputs)).astype(np.float32))
            full = {key: np.full(n, value) for key, value in constants(model).items()}
            put(f"n{i}", model, v_threshold=np.full(n, 1.0), **full)
        put("output", "Output", shape=np.array([SIZES[-1]]))
        graph["edges"] = np.array([[a.encode(), b.encode()] for a, b in zip(chain, chain[1:])])


def constants(model):
    leaky = {"tau": 1e-3, "r": 10.0, "v_leak": 0.0}
    cuba = {"tau_mem": 1e-3, "tau_syn": 4e-4, "r": 10.0, "v_leak": 0.0, "w_in": 4.0}
    return {"IF": {"r": 1e4}, "LIF": leaky, "CubaLIF": cuba}[model]


def recordings(path):
    rng = np.random.default_rng(2)
    spikes = rng.random((RECORDINGS, STEPS, SIZES[0])) < 0.02
    lines = ["timestep,neuron,sample,steps"] + [f"{t},{n},{s},{STEPS}" for s, t, n in np.argwhere(spikes)]
    path.write_text("\n".join(lines) + "\n")


def instructions(binary, folder, model, limit):
    run = [binary, "run", f"{model}.nir", "--dt", "1e-4", "--data", "events.csv", "--arch", "lemaire_ideal", "--mode", "counts", "--threads", "1", "--limit", str(limit), "--json"]
    callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    ran = subprocess.run([*callgrind, *run], cwd=folder, capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", ran.stderr)[1]), ran.stdout


def main():
    binary = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        recordings(folder / "events.csv")
        print("| neurons | instructions per recording | spikes per recording | throughput, IF = 1 |\n|---|---|---|---|")
        base = None
        for model in ("IF", "LIF", "CubaLIF"):
            network(folder / f"{model}.nir", model)
            (one, _), (all_, report) = (instructions(binary, folder, model, n) for n in (1, RECORDINGS))
            each = (all_ - one) / (RECORDINGS - 1)
            base = base or each
            spikes = sum(layer["spikes"] for layer in json.loads(report)["layers"])
            print(f"| {model} | {each / 1e6:.2f} M | {spikes:,.0f} | {base / each:.2f} |", flush=True)


main()
