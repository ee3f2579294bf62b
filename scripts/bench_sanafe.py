#!/usr/bin/env python3
"""Throughput of the simulator against SANA-FE (Boyle et al. 2025) on equal convolutional spiking networks.

    pip install sanafe==2.2.9 numpy
    cargo build --release -p spikeloom-simulator --example network
    python scripts/bench_sanafe.py [--width 0.25] [--steps 32] [--modes simple,detailed]

Network: 3x32x32 inputs that integrate a constant drive, four 3x3 convolutions of [40, 120, 120, 240] * width channels with
strides 1, 2, 1, 2 and no padding, a dense layer of 10. Integrate-and-fire neurons (V += I; fire if V > theta; V -= theta),
integer weights, one timestep per projection; thresholds set for about 10 % spikes per neuron and timestep. SANA-FE integrates
the inputs itself, the simulator is given their spikes, which are the same by construction.

Checked before anything is printed: spikes in total equal those of a plain numpy simulation, for both; synaptic operations
equal the sum of fan-outs of all spikes (SANA-FE counts those of the last timestep when they are sent, the simulator when they
are processed, which is after the end). Rates are per second of processor time of one thread.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INPUT_THETA = 1000
MESH = (8, 4)
CORES_PER_TILE = 4


def integrate(currents, theta):
    """Spikes [T, n] of integrate-and-fire neurons without leak."""
    v = np.zeros(currents.shape[1:], dtype=np.int64)
    spikes = np.zeros(currents.shape, dtype=bool)
    for t, current in enumerate(currents):
        v += current
        spikes[t] = v > theta
        v -= theta * spikes[t]
    return spikes


def convolve(maps, weights, stride):
    """Valid correlation of [T, C, H, W] with [O, C, K, K], exact in double precision."""
    windows = np.lib.stride_tricks.sliding_window_view(maps.astype(float), weights.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    out = np.tensordot(windows, weights.astype(float), axes=([1, 4, 5], [1, 2, 3]))
    return np.rint(out).astype(np.int64).transpose(0, 3, 1, 2)


def threshold_for(currents, rate):
    """The integer threshold nearest to the given rate from above."""
    low, high = 1, int(np.abs(currents).sum(axis=0).max()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if integrate(currents, middle).mean() > rate else (low, middle)
    return high


def delayed(currents):
    return np.concatenate([np.zeros_like(currents[:1]), currents[:-1]])


class Network:
    """Layers with weights, thresholds, and the spikes of the numpy simulation."""

    def __init__(self, width, steps, seed):
        rng = np.random.default_rng(seed)
        self.steps = steps
        self.drive = rng.integers(40, 220, (3, 32, 32))
        spikes = integrate(np.broadcast_to(self.drive, (steps, 3, 32, 32)), INPUT_THETA)
        self.layers = [dict(name="in", shape=(3, 32, 32), theta=INPUT_THETA, spikes=spikes)]
        for i, (channels, stride) in enumerate(zip((40, 120, 120, 240), (1, 2, 1, 2))):
            before = self.layers[-1]
            kernel = np.clip(np.rint(rng.normal(1, 20, (round(channels * width), before["shape"][0], 3, 3))), -127, 127)
            self.add(f"conv{i + 1}", kernel.astype(int), stride, lambda x, k=kernel, s=stride: convolve(x, k, s))
        shape = self.layers[-1]["shape"]
        matrix = np.clip(np.rint(rng.normal(1, 20, (10, int(np.prod(shape))))), -127, 127).astype(int)
        dense = lambda x: (x.reshape(steps, -1).astype(np.int64) @ matrix.T)[:, :, None, None]
        self.add("out", matrix, None, dense)

    def add(self, name, weights, stride, forward):
        before = self.layers[-1]
        currents = delayed(forward(before["spikes"]))
        theta = threshold_for(currents, 0.1)
        if stride is None:
            fan_out = np.full(before["shape"], weights.shape[0])
        else:
            side = currents.shape[2]
            taps = np.zeros(before["shape"][1], dtype=int)
            for k in range(3):
                taps[k : k + stride * (side - 1) + 1 : stride] += 1
            fan_out = np.broadcast_to(np.outer(taps, taps) * weights.shape[0], before["shape"])
        before["sent"] = (before["spikes"] * fan_out).sum(axis=(1, 2, 3))
        spikes = integrate(currents, theta)
        self.layers.append(
            dict(name=name, shape=currents.shape[1:], theta=theta, weights=weights, stride=stride, spikes=spikes)
        )

    def spikes(self):
        return [int(layer["spikes"].sum()) for layer in self.layers]

    def operations(self, last):
        """Synaptic operations, with or without those of spikes of the last timestep."""
        return int(sum(layer["sent"][: None if last else -1].sum() for layer in self.layers[:-1]))


def ours(network, folder, chip, repeats):
    """Runs the example binary on the network."""
    populations, projections = [], []
    for i, layer in enumerate(network.layers):
        shape = "(channels: %d, height: %d, width: %d)" % layer["shape"]
        neuron = "Input(coding: Events, scale: 1.0)"
        if i:
            neuron = (
                f"Spiking((threshold: [{layer['theta']}], v_init: [0], bias: [0], leak: None, reset: Subtract, "
                f"compare: Greater, window: (start: 0, end: {network.steps}), floor: None))"
            )
            geometry = "Dense"
            if layer["stride"]:
                s = layer["stride"]
                geometry = f"Conv2d((kernel: (3, 3), stride: ({s}, {s}), padding: (0, 0), dilation: (1, 1), groups: 1))"
            weights = ", ".join(map(str, layer["weights"].reshape(-1).tolist()))
            projections.append(
                f'(pre: "{network.layers[i - 1]["name"]}", post: "{layer["name"]}", connectivity: {geometry}, '
                f"pool: None, delay: 1, weights: [{weights}])"
            )
        populations.append(f'(name: "{layer["name"]}", shape: {shape}, neuron: {neuron}, norm: ())')
    text = (
        f'(stage: "quantized", name: "csnn", timesteps: {network.steps}, encoding: Pixels, populations: '
        f"[{', '.join(populations)}], projections: [{', '.join(projections)}], "
        f"readout: SpikeCount(population: ({len(populations) - 1})))"
    )
    graph, stimulus = os.path.join(folder, "graph.ron"), os.path.join(folder, "input.txt")
    with open(graph, "w") as file:
        file.write(text)
    with open(stimulus, "w") as file:
        for step in network.layers[0]["spikes"].reshape(network.steps, -1):
            file.write(" ".join(map(str, np.flatnonzero(step))) + "\n")
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    binary = os.path.join(target, "release", "examples", "network")
    done = subprocess.run([binary, graph, stimulus, chip, str(repeats)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{binary}: {done.stderr}")
    result = json.loads(done.stdout)
    assert result["layer_spikes"] == network.spikes(), (result["layer_spikes"], network.spikes())
    assert result["operations"] == network.operations(last=False), (result["operations"], network.operations(False))
    return result


def architecture():
    """A mesh of Loihi-like cores; figures only matter for SANA-FE's predictions, not for its speed."""
    hops = "".join(f"        energy_{d}_hop: 3.5e-12\n        latency_{d}_hop: 5.0e-9\n" for d in ("north", "east", "south", "west"))
    return f"""architecture:
  name: mesh
  attributes: {{topology: mesh, width: {MESH[0]}, height: {MESH[1]}, link_buffer_size: 16, sync_model: fixed, latency_sync: 1.0e-6}}
  tile:
    - name: tile[0..{MESH[0] * MESH[1] - 1}]
      attributes:
{hops}      core:
        - name: core[0..{CORES_PER_TILE - 1}]
          attributes: {{buffer_position: soma, buffer_inside_unit: false, max_neurons_supported: 1024}}
          axon_in:
            - name: input
              attributes: {{energy_message_in: 0.0, latency_message_in: 16.0e-9}}
          synapse:
            - name: synapse
              attributes: {{model: current_based, energy_process_spike: 35.5e-12, latency_process_spike: 3.8e-9}}
          dendrite:
            - name: dendrite
              attributes: {{model: accumulator, energy_update: 0.0, latency_update: 0.0}}
          soma:
            - name: soma
              attributes: {{model: leaky_integrate_fire, energy_access_neuron: 51.2e-12, latency_access_neuron: 6.0e-9, energy_update_neuron: 21.6e-12, latency_update_neuron: 3.7e-9, energy_spike_out: 69.3e-12, latency_spike_out: 30.0e-9}}
          axon_out:
            - name: output
              attributes: {{energy_message_out: 111.0e-12, latency_message_out: 5.1e-9}}
"""


def theirs(network, folder, mode):
    """Runs SANA-FE on the network in this process; returns processor seconds of the simulation."""
    import sanafe

    path = os.path.join(folder, "arch.yaml")
    with open(path, "w") as file:
        file.write(architecture())
    arch, net = sanafe.load_arch(path), sanafe.Network()
    cores, core, group = arch.cores(), 0, None
    for index, layer in enumerate(network.layers):
        before, n = group, int(np.prod(layer["shape"]))
        model = {"threshold": float(layer["theta"]), "reset": 0.0, "reset_mode": "soft", "leak_decay": 1.0}
        group = net.create_neuron_group(layer["name"], n, model)
        if before is None:
            for neuron, drive in zip(group, network.drive.reshape(-1).tolist()):
                neuron.set_attributes(model_attributes={"bias": float(drive)})
        elif layer["stride"]:
            c, h, w = network.layers[index - 1]["shape"]
            weights = layer["weights"].transpose(2, 3, 1, 0).astype(float).reshape(-1).tolist()
            before.connect_neurons_conv2d(
                group, {"w": weights}, input_width=w, input_height=h, input_channels=c, kernel_width=3,
                kernel_height=3, kernel_count=layer["shape"][0], stride_width=layer["stride"],
                stride_height=layer["stride"],
            )
        else:
            before.connect_neurons_dense(group, {"w": layer["weights"].T.astype(float).reshape(-1).tolist()})
        per_core = 512
        for i, neuron in enumerate(group):
            neuron.map_to_core(cores[core + i // per_core])
        core += -(-n // per_core)
    chip = sanafe.SpikingChip(arch)
    chip.load(net)
    used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    start = used()
    result = chip.sim(network.steps, timing_model=mode, processing_threads=1, scheduler_threads=0)
    seconds = used() - start
    assert result["neurons_fired"] == sum(network.spikes()), (result["neurons_fired"], network.spikes())
    assert result["spikes"] == network.operations(last=True), (result["spikes"], network.operations(True))
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--steps", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--chip", default="loihi1", help="chip preset of the simulator")
    parser.add_argument("--repeats", type=int, default=20, help="runs of the simulator to average over")
    parser.add_argument("--modes", default="simple,detailed", help="SANA-FE's timing models; empty for none")
    options = parser.parse_args()
    network = Network(options.width, options.steps, options.seed)
    rates = [f"{layer['name']} {100 * layer['spikes'].mean():.1f} %" for layer in network.layers]
    print(f"width {options.width}, {options.steps} timesteps, {sum(network.spikes())} spikes: {', '.join(rates)}")
    with tempfile.TemporaryDirectory() as folder:
        here = ours(network, folder, options.chip, options.repeats)
        rate = {}
        for mode in ("counts", "analytic", "cycle"):
            rate[mode] = here["operations"] / here[mode]["cpu_s"]
            print(f"spikeloom {mode:8} {rate[mode] / 1e6:9.1f} M SOP/s ({1e3 * here[mode]['cpu_s']:.2f} ms)")
        print(f"spikeloom: {here['cores']} cores, loaded in {1e3 * here['load_s']:.0f} ms, peak {here['peak_kb'] / 1024:.0f} MB")
        for mode in filter(None, options.modes.split(",")):
            seconds = theirs(network, folder, mode)
            other = network.operations(last=True) / seconds
            against = "counts" if mode == "simple" else "analytic"
            print(f"SANA-FE   {mode:8} {other / 1e6:9.2f} M SOP/s ({seconds:.2f} s); {against}: {rate[against] / other:.0f} times")
        print(f"SANA-FE: peak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
