#!/usr/bin/env python3
"""Spikes, counts, energy and throughput of the simulator against SANA-FE (Boyle et al. 2025) on equal random networks.

    pip install sanafe==2.2.9 numpy
    cargo build --release -p spikeloom-simulator --example mapped
    python scripts/bench_sanafe_random.py [--groups 64] [--neurons 256] [--fan-out 128] [--reach 8] [--steps 50]

Network: groups of integrate-and-fire neurons (V += bias + I; fire if V > theta; V -= theta) driven by their biases to about
10 % spikes per neuron and timestep; every neuron has fan-out / reach synapses in each of `reach` groups, integer weights,
delay 1. It is compiled here, for Loihi cores with single packets (one per destination core); SANA-FE is given the same
core for every neuron, and as prices those of the energy table `loihi1_silicon_fit`.

Checked before anything is printed, exactly: who spikes when, against a plain simulation in numpy, for both; synaptic
operations and packets, against each other and against numpy. Energy: to 1e-9 of the total. The synaptic work of the last
timestep's spikes, which SANA-FE counts when they are sent, is done here in one timestep more, in which no neuron is updated.
Left out here, because SANA-FE has no such thing: the reset of the potentials before a sample. Rates are per second of
processor time of one thread.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
THETA = 1000
TABLE = "loihi1_silicon_fit"
SOMA_ACCESS = 51.2  # of `neuron_idle`, which is soma access and update together


class Network:
    """Lists, weights, biases, start potentials, and the spikes of the numpy simulation."""

    def __init__(self, options):
        rng = np.random.default_rng(options.seed)
        groups, size, reach = options.groups, options.neurons, options.reach
        self.n, self.steps, each = groups * size, options.steps, options.fan_out // reach
        group = np.argsort(rng.random((self.n, groups)), axis=1)[:, :reach]
        member = np.empty((self.n, reach, each), dtype=np.int64)
        for first in range(0, self.n, 1024):
            part = member[first : first + 1024]
            part[:] = np.argsort(rng.random((len(part), reach, size), dtype=np.float32), axis=2)[:, :, :each]
        self.targets = np.sort((group[:, :, None] * size + member).reshape(self.n, -1), axis=1)
        self.weights = rng.integers(1, 4, self.targets.shape) * rng.choice([-1, 1], self.targets.shape)
        self.bias = np.rint(rng.uniform(0.5, 1.5, self.n) * THETA * options.rate).astype(np.int64)
        self.start = rng.integers(0, THETA, self.n)
        self.spikes = self.simulate()

    def simulate(self):
        v, fired, spikes = self.start.copy(), np.array([], dtype=np.int64), []
        for _ in range(self.steps):
            arrived = np.bincount(self.targets[fired].reshape(-1), self.weights[fired].reshape(-1), self.n)
            v += self.bias + np.rint(arrived).astype(np.int64)
            fired = np.flatnonzero(v > THETA)
            v[fired] -= THETA
            spikes.append(fired.tolist())
        return spikes

    def text(self):
        """The graph as text; an accumulator that nothing reaches is read, so that no spike goes to the host."""
        lists = lambda rows: "[" + ",".join("[" + ",".join(map(str, row)) + "]" for row in rows) + "]"
        flat = lambda values: "[" + ",".join(map(str, values)) + "]"
        projection = lambda post, rows, weights: (
            f'(pre: "net", post: "{post}", connectivity: Sparse({lists(rows)}), delay: 1, weights: {flat(weights)})'
        )
        vector = lambda n: f"(channels: {n}, height: 1, width: 1)"
        return (
            f'(stage: "quantized", name: "random", timesteps: {self.steps + 1}, encoding: Pixels, populations: ['
            f'(name: "input", shape: {vector(1)}, neuron: Input(coding: Events, scale: 1.0)),'
            f'(name: "net", shape: {vector(self.n)}, neuron: Spiking((threshold: [{THETA}], v_init: {flat(self.start)}, '
            f"bias: {flat(self.bias)}, leak: None, reset: Subtract, compare: Greater, "
            f"window: (start: 0, end: {self.steps}), floor: None))),"
            f'(name: "read", shape: {vector(1)}, neuron: Accumulator(v_init: [0]))], projections: ['
            f'{projection("net", self.targets.tolist(), self.weights.reshape(-1).tolist())},'
            f'{projection("read", [[]] * self.n, [])}], readout: Potential(population: (2)))'
        )


def ours(network, options, folder):
    graph = os.path.join(folder, "graph.ron")
    with open(graph, "w") as file:
        file.write(network.text())
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
    binary = os.path.join(target, "release", "examples", "mapped")
    command = [binary, graph, "loihi1", TABLE, options.cutting, str(options.repeats)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{binary}: {done.stderr}")
    return json.loads(done.stdout)


def prices():
    """Picojoule by action, out of the energy table."""
    with open(os.path.join(ROOT, "energy", "tables", f"{TABLE}.ron")) as file:
        return {name: float(pj) for name, pj in re.findall(r"(\w+): Energy\(value: ([\d.]+),", file.read())}


def architecture(price):
    """Loihi's mesh with prices in joule; latencies of SANA-FE's preset."""
    hop = {"north": "link_north_south", "south": "link_north_south", "east": "link_east_west", "west": "link_east_west"}
    nanoseconds = {"north": 6.5, "south": 6.5, "east": 4.1, "west": 4.1}
    hops = "".join(
        f"        energy_{d}_hop: {price[hop[d]]}e-12\n        latency_{d}_hop: {nanoseconds[d]}e-9\n" for d in hop
    )
    update = round(price["neuron_idle"] - SOMA_ACCESS, 9)
    spike = round(price["neuron_spike"] - price["neuron_idle"], 9)
    return f"""architecture:
  name: mesh
  attributes: {{topology: mesh, width: 8, height: 4, link_buffer_size: 16, sync_model: fixed, latency_sync: 1.0e-6}}
  tile:
    - name: tile[0..31]
      attributes:
{hops}      core:
        - name: core[0..3]
          attributes: {{buffer_position: soma, buffer_inside_unit: false, max_neurons_supported: 1024}}
          axon_in:
            - name: input
              attributes: {{energy_message_in: 0.0, latency_message_in: 16.0e-9}}
          synapse:
            - name: synapse
              attributes: {{model: current_based, energy_process_spike: {price['synaptic_add']}e-12, latency_process_spike: 3.8e-9}}
          dendrite:
            - name: dendrite
              attributes: {{model: accumulator, energy_update: 0.0, latency_update: 0.0}}
          soma:
            - name: soma
              attributes: {{model: leaky_integrate_fire, energy_access_neuron: {SOMA_ACCESS}e-12, latency_access_neuron: 6.0e-9, energy_update_neuron: {update}e-12, latency_update_neuron: 3.7e-9, energy_spike_out: {spike}e-12, latency_spike_out: 30.0e-9}}
          axon_out:
            - name: output
              attributes: {{energy_message_out: {price['packet_inject']}e-12, latency_message_out: 5.1e-9}}
"""


class Theirs:
    """The network in SANA-FE, every neuron at its place here."""

    def __init__(self, network, places, price, folder):
        import sanafe

        path = os.path.join(folder, "arch.yaml")
        with open(path, "w") as file:
            file.write(architecture(price))
        self.sanafe, self.arch, self.network = sanafe, sanafe.load_arch(path), network
        cores = self.arch.cores()
        self.net = sanafe.Network()
        model = {"threshold": float(THETA), "reset": 0.0, "reset_mode": "soft", "leak_decay": 1.0}
        group = self.net.create_neuron_group("net", network.n, model)
        for neuron, bias, start in zip(group, network.bias.tolist(), network.start.tolist()):
            neuron.set_attributes(log_spikes=True, model_attributes={"bias": float(bias), "potential": float(start)})
        for first in range(0, network.n, 4096):
            rows = slice(first, first + 4096)
            targets = network.targets[rows]
            sources = np.repeat(np.arange(first, first + len(targets)), targets.shape[1])
            pairs = list(zip(sources.tolist(), targets.reshape(-1).tolist()))
            weights = network.weights[rows].reshape(-1).astype(float).tolist()
            group.connect_neurons_sparse(group, {"w": weights}, pairs)
        # Tiles are numbered column by column.
        for neuron, (x, y, port) in zip(group, places):
            neuron.map_to_core(cores[(x * 4 + y) * 4 + port])

    def run(self, mode, trace):
        chip = self.sanafe.SpikingChip(self.arch)
        chip.load(self.net)
        used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        start = used()
        extra = {"spike_trace": True} if trace else {}
        result = chip.sim(self.network.steps, timing_model=mode, processing_threads=1, scheduler_threads=0, **extra)
        return result, used() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", type=int, default=64)
    parser.add_argument("--neurons", type=int, default=256, help="neurons of a group")
    parser.add_argument("--fan-out", type=int, default=128, help="synapses of a neuron")
    parser.add_argument("--reach", type=int, default=8, help="groups that a neuron reaches")
    parser.add_argument("--rate", type=float, default=0.1, help="spikes per neuron and timestep")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cutting", default="grown", choices=["grown", "sequential"])
    parser.add_argument("--repeats", type=int, default=20, help="runs of the simulator to average over")
    parser.add_argument("--modes", default="simple,detailed", help="SANA-FE's timing models")
    options = parser.parse_args()
    network = Network(options)
    n_spikes = sum(map(len, network.spikes))
    share = 100 * n_spikes / (network.n * network.steps)
    print(f"{network.n} neurons, {network.targets.size} synapses, {network.steps} timesteps, {share:.1f} % spikes")
    with tempfile.TemporaryDirectory() as folder:
        here = ours(network, options, folder)
        layer = next(l for l in here["layers"] if l["name"] == "net")
        assert layer["spikes"][: network.steps] == network.spikes, "spikes differ from numpy"
        count = {name: n for name, (n, _) in layer["actions"].items()}
        operations, packets = count["synaptic_add"], count["packet_inject"]
        assert operations == n_spikes * network.targets.shape[1], "operations differ from numpy"
        place = np.array(layer["places"])
        core = (place[:, 0] * 4 + place[:, 1]) * 4 + place[:, 2]
        reached = (np.diff(np.sort(core[network.targets], axis=1), axis=1) > 0).sum(axis=1) + 1
        assert packets == sum(int(reached[fired].sum()) for fired in network.spikes), "packets differ from numpy"
        energy = sum(pj for name, (_, pj) in layer["actions"].items() if name != "state_reset") * 1e-12
        print(f"here: {here['cores']} cores, {packets / n_spikes:.2f} destination cores per spike ({options.cutting}), compiled in "
              f"{here['compile_s']:.1f} s, loaded in {1e3 * here['load_s']:.0f} ms, peak {here['peak_kb'] / 1024:.0f} MB")

        theirs = Theirs(network, layer["places"], prices(), folder)
        result, _ = theirs.run("simple", trace=True)
        seen = [sorted(address.neuron_offset for address in step) for step in result["spike_trace"]]
        assert seen == network.spikes, "SANA-FE's spikes differ from numpy"
        assert result["spikes"] == operations, (result["spikes"], operations)
        assert result["packets_sent"] == packets, (result["packets_sent"], packets)
        total = result["energy"]["total"] if isinstance(result["energy"], dict) else result["energy"]
        difference = abs(energy - total) / total
        assert difference <= 1e-9, (energy, total, result["energy"])
        print(f"equal: {n_spikes} spikes, {operations} synaptic operations, {packets} packets")
        print(f"energy {energy:.12e} J here, {total:.12e} J in SANA-FE: relative difference {difference:.1e}")

        rate = {mode: operations / here[mode]["cpu_s"] for mode in ("counts", "analytic", "cycle")}
        for mode, value in rate.items():
            print(f"spikeloom {mode:8} {value / 1e6:9.1f} M SOP/s ({1e3 * here[mode]['cpu_s']:.2f} ms)")
        for mode in filter(None, options.modes.split(",")):
            result, seconds = theirs.run(mode, trace=False)
            assert result["spikes"] == operations
            other, against = operations / seconds, "counts" if mode == "simple" else "analytic"
            print(f"SANA-FE   {mode:8} {other / 1e6:9.2f} M SOP/s ({seconds:.2f} s); {against}: {rate[against] / other:.0f} times")
        print(f"SANA-FE: peak of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
