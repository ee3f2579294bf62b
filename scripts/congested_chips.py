#!/usr/bin/env python3
"""Analytic time against the flits on random chips with random networks.

    python scripts/congested_chips.py SPIKELOOM [--chips 300] [--keep FOLDER]

SPIKELOOM is the program. Each seed draws a chip (mesh or torus of up to 8x8 routers, up to 4 cores each, up to 4 chips, unicast, rectangles or
trees, packets of 1 to 4 flits, 1 to 4 virtual channels of 1 to 16 flits, ten sets of times, cores of 4 to 256 neurons, input queues of 2 to
128 events or without limit, both allocations) and a network of 1 to 4 dense layers with events at its input, runs it in both modes and
compares the latencies. Networks that do not fit, and chips that are refused, are counted; any other end is an error. Prints the
table of docs/fidelity.md, and the seeds that are furthest off.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

# Router, link, ticks between flits, emission.
TIMES = (
    (2, 1, 1, 1), (2, 1, 1, 1), (1, 1, 1, 1), (21, 41, 3, 51), (5, 5, 2, 3),
    (1, 10, 4, 1), (10, 2, 20, 1), (4, 4, 10, 3), (1, 1, 2, 10), (3, 3, 5, 5),
)  # fmt: skip
MESHES = ((1, 4), (2, 2), (4, 2), (4, 4), (8, 4), (6, 6), (8, 8), (12, 1))


def figure(value):
    return f'(value: {value}, low: {value}, high: {value}, source: "drawn", basis: Assumed)'


def memory(bits, word):
    bits = "None" if bits is None else f"Some({figure(bits)})"
    return f"(bits: {bits}, word_bits: {word}, ports: OneReadOneWrite, banks: 1)"


def chip(r):
    """A description, the cores, neurons of a core, and whether queues are limited."""
    width, height = r.choice(MESHES)
    local, torus = r.choice((1, 1, 1, 2, 4)), r.random() < 0.12
    chips = r.choice(((1, 1),) * 4 + ((2, 1), (2, 2), (1, 3)))
    multicast = r.choice(("Unicast", "Rectangle", "Tree(entries: None)"))
    flits = r.choice((1, 1, 1, 2, 3, 4)) if multicast == "Unicast" else 1
    channels = max(r.choice((1, 1, 2, 2, 4)), 2 if torus else 1)
    buffer, (router, link, interval, emit) = r.choice((1, 2, 2, 4, 8, 16)), r.choice(TIMES)
    neurons, queue = r.choice((4, 8, 16, 32, 64, 256)), r.choice((None, None, None, 2, 8, 32, 128))
    allocation = r.choice(("Combined", "Combined", "Combined", "Speculative"))
    between = link * r.choice((1, 10, 50))
    event, synapse, idle, spike = r.choice((0, 2, 10)), r.choice((1, 1, 3)), r.choice((0, 1, 5)), r.choice((1, 2, 10))
    timing = dict(event=event, axon=1, synapse=synapse, neuron_idle=idle, neuron_spike=spike, emit=emit)
    timing = ", ".join(f"{name}: Some({figure(value)})" for name, value in timing.items())
    memories = dict(weights=(1 << 20, 64), state=(98304, 24), params=(None, 64), axons=(None, 32), routes=(None, 32))
    memories |= dict(queue=(queue and queue * 32 * flits * 2, 32), code=(None, 32))
    memories = ", ".join(f"{name}: {memory(*of)}" for name, of in memories.items())
    text = f"""Arch(
    version: 1, name: "drawn", doc: "drawn", tick_ps: {figure(1000)},
    mesh: (width: {width}, height: {height}, cores_per_router: {local}, torus: {str(torus).lower()}, chips: {chips}, source: "drawn"),
    noc: Some((
        flit_bits: 64, flits_per_spike: {flits}, virtual_channels: {channels}, buffer_flits: {buffer}, router: {figure(router)},
        link_east_west: {figure(link)}, link_north_south: {figure(link)}, link_chip: Some({figure(between)}),
        flit_interval: {figure(interval)}, multicast: {multicast}, allocation: {allocation},
    )),
    core: (
        neurons: Some({figure(neurons)}), axons_in: None, axons_out: None, fan_in: None, channels: None, weight_bits: [1, 2, 4, 8, 16],
        state_bits: 24, sharing: Native, fire: PerStep, sweep: {r.choice(("All", "Touched"))}, lanes: {r.choice((1, 1, 4, 16))},
        memories: ({memories}),
        timing: ({timing}),
    ),
    sync: Barrier([(1, {figure(10)}), (576, {figure(100)})]), input_interval: Some({figure(r.choice((1, 1, 5)))}),
)"""
    return text, width * height * local * chips[0] * chips[1], neurons, queue is not None


def network(r, cores, neurons):
    """A network of dense layers and the events at its input."""
    steps, inputs, layers = r.choice((2, 3, 5)), r.choice((4, 16, 64)), r.choice((1, 2, 2, 3, 4))
    room = max(2, min(int(cores * neurons * r.choice((0.2, 0.5, 0.8))), 3000))
    shape = "(channels: {}, height: 1, width: 1)"
    populations = [f'(name: "in", shape: {shape.format(inputs)}, neuron: Input(coding: Events, scale: 1.0))']
    projections, before = [], inputs
    for i in range(layers):
        n = max(1, min(room // layers, r.choice((10, 64, 200, 500, 1500))))
        if i == layers - 1 and r.random() < 0.3:
            n = r.choice((1, 4, 10))
        neuron = (
            f"Spiking((threshold: [{r.choice((5.0, 20.0, 60.0))}], v_init: [0.0], bias: [0.0], reset: Subtract, "
            f"compare: GreaterEqual, leak: None, window: (start: 0, end: {steps}), floor: None))"
        )
        populations.append(f'(name: "L{i}", shape: {shape.format(n)}, neuron: {neuron})')
        drawn = [r.choice((-3.0, 1.0, 4.0, 8.0)) for _ in range(min(before * n, 997))]
        weights = (drawn * (before * n // len(drawn) + 1))[: before * n]
        pre = "in" if i == 0 else f"L{i - 1}"
        projections.append(
            f'(pre: "{pre}", post: "L{i}", connectivity: Dense, pool: None, delay: {min(i, 1)}, weights: {weights})'
        )
        before = n
    text = (
        f'(stage: "trained", name: "drawn", timesteps: {steps}, encoding: Pixels, populations: [{", ".join(populations)}], '
        f"projections: [{', '.join(projections)}], readout: SpikeCount(population: ({layers})))"
    )
    events = [f"0,{t},{i}" for t in range(steps) for i in range(inputs) if r.random() < 0.6] or ["0,0,0"]
    return text, "\n".join(["sample,timestep,neuron", *events, ""])


def run(program, folder, mode):
    """Latency and share of the network, or nothing if the network does not fit."""
    command = f"run net.ron --arch chip.ron --data events.csv --table loihi1 --mode {mode} --json".split()
    done = subprocess.run([program, *command], cwd=folder, capture_output=True, text=True, timeout=600)
    if done.returncode == 3:
        return None
    if done.returncode != 0:
        sys.exit(f"{folder}, {mode}: exit code {done.returncode}\n{done.stderr}")
    report = json.loads(done.stdout)
    parts = {part["part"]: part["seconds"] for part in report["bounds"]["parts"]}
    return report["latency"]["mean"], parts.get("network", 0.0)


def row(name, ratios):
    ratios = sorted(ratios)
    within = sum(0.9 <= ratio <= 1.1 for ratio in ratios)
    at = [f"{ratios[int((len(ratios) - 1) * share)]:.3f}" for share in (0, 0.05, 0.5, 0.95, 1)]
    return " | ".join(["| " + name, str(len(ratios)), str(within), *at]) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("--chips", type=int, default=300)
    parser.add_argument("--keep", type=Path, help="folder for chips and networks")
    options = parser.parse_args()
    found, refused = [], 0
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(options.chips):
            r = random.Random(seed)
            folder = (options.keep or Path(scratch)) / str(seed)
            folder.mkdir(parents=True, exist_ok=True)
            text, cores, neurons, limited = chip(r)
            net, events = network(r, cores, neurons)
            for name, content in (("chip.ron", text), ("net.ron", net), ("events.csv", events)):
                (folder / name).write_text(content)
            analytic, cycle = (run(options.program.absolute(), folder, mode) for mode in ("analytic", "cycle"))
            if analytic is None or cycle is None:
                refused += 1
                continue
            found.append((analytic[0] / cycle[0], cycle[1] / cycle[0], limited, seed))
    print("| networks | number | within 10 % | least | 5 % | median | 95 % | most |\n|---|---|---|---|---|---|---|---|")
    print(row("all", [ratio for ratio, *_ in found]))
    for limited in (False, True):
        some = [ratio for ratio, share, own, _ in found if share > 0.1 and own == limited]
        if some:
            print(row("the network takes more than a tenth, queues " + ("limited" if limited else "without limit"), some))
    print(f"{refused} networks did not fit")
    print("furthest off:", *(f"{seed} ({ratio:.3f})" for ratio, _, _, seed in sorted(found)[:10]))


if __name__ == "__main__":
    main()
