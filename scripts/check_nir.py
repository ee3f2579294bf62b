"""Loads what spikeloom writes with the reference package: `pip install nir==1.0.8 numpy`.

    python3 scripts/check_nir.py net.nir            a network: loads it with type checks, lists it
    python3 scripts/check_nir.py --data recording.h5 [spikes.csv]   a recording, compared with the CSV trace if given
"""

import argparse
import csv
import json

import nir
import numpy as np


def network(path):
    graph = nir.read(path)
    for name, node in sorted(graph.nodes.items()):
        shapes = {k: v.tolist() for k, v in (node.output_type or {}).items() if v is not None}
        print(f"{name:20} {type(node).__name__:10} {shapes}")
    for node in graph.nodes.values():
        weight = getattr(node, "weight", None)
        assert weight is None or np.isfinite(weight).all(), "a weight is not finite"
    ours = graph.metadata.get("spikeloom") if isinstance(graph.metadata, dict) else None
    if ours is not None:
        said = json.loads(ours)
        print("metadata/spikeloom:", {k: v for k, v in said.items() if k not in ("populations", "readout")})
    print(f"{path}: {len(graph.nodes)} nodes, {len(graph.edges)} edges, loaded by nir {nir.version}")


def recording(path, spikes):
    data = nir.read_data(path)
    found = {}
    for name, node in data.nodes.items():
        for what, seen in node.observables.items():
            print(f"{name:20} {what:8} {type(seen).__name__:16} {seen.shape}")
            if what == "spikes":
                found[name] = seen.idx.size
    if spikes:
        with open(spikes) as f:
            rows = list(csv.DictReader(f))
        for name, n in found.items():
            values = [int(row.get("value", 1)) for row in rows if row["layer"] == name]
            # Several spikes of a neuron at once are as many events; other values are one each.
            expected = sum(values) if all(1 <= value <= 15 for value in values) else len(values)
            assert n == expected, f"{name}: {n} spikes in {path}, {expected} in {spikes}"
        print(f"spikes of {len(found)} layers equal those of {spikes}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="store_true")
    parser.add_argument("file")
    parser.add_argument("spikes", nargs="?")
    args = parser.parse_args()
    recording(args.file, args.spikes) if args.data else network(args.file)
