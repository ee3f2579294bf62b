#!/usr/bin/env python3
"""Loihi with eight ways to divide 131,072 neurons among its cores, simulated by SANA-FE (Boyle et al. 2025).

    pip install sanafe==2.2.9 numpy pyyaml
    python scripts/sanafe_loihi_variants.py cli/src/cmd/reproduce/silicon/sanafe_variants.csv
    python scripts/sanafe_loihi_variants.py --made cli/src/cmd/reproduce/silicon/sanafe_made.csv

The design study of SANA-FE (Boyle et al. 2025, IEEE TCAD; their scripts/tcad2025/design_space_exploration.py) prints bars only, and its
mappings are not public. Here its gesture network (convolutions of 16, 32, 64 and 11 channels and a dense layer of 11, 18,678
neurons; weights, thresholds and one input ship in the package) fills the cores layer by layer, each layer beginning with a core of
its own, for 128 timesteps. Everything else is the package's own Loihi (`sanafe/examples/loihi.yaml`), with two choices: all
synapses are its convolution synapse, so that one price holds for all, and a core has as many units of 1,024 neurons as it needs.

The package's network may not be passed on with other programs (GPL-3.0). With --made the same layers on a map of 16 x 16 have weights and
inputs from a congruential generator, which a test makes again, so that it needs neither SANA-FE nor its files.

A line: cores, neurons of a core, cores used, spikes, synaptic events, packets, energy [J], simulated time [s].
"""

import argparse
import tempfile
from importlib.resources import files

import numpy as np
import sanafe
import yaml
from sanafe import layers

# Cores, neurons of a core, columns of tiles; four rows of tiles, four cores in a tile. Two tiles stand in one column.
VARIANTS = ((8, 16384, 1), (16, 8192, 1), (32, 4096, 2), (64, 2048, 4), (128, 1024, 8), (170, 768, 12), (256, 512, 16), (512, 256, 32))
STEPS = 128
UNIT, SOMA, DENDRITE = 1024, "loihi_lif", "loihi_dendrites"


def architecture(cores, neurons, columns):
    """SANA-FE's Loihi with another number of cores."""
    with files("sanafe.examples").joinpath("loihi.yaml").open() as file:
        loihi = yaml.safe_load(file)
    chip = loihi["architecture"]
    chip["tile"][0]["name"] = f"loihi_tile[0..{columns * 4 - 1}]"
    chip["attributes"].update(width=columns, height=4)
    core = chip["tile"][0]["core"][0]
    core["attributes"]["max_neurons_supported"] = neurons
    # A unit of the package holds 1,024 neurons, whatever the core is said to hold.
    last = (neurons - 1) // UNIT
    for kind, name in (("soma", SOMA), ("dendrite", DENDRITE)):
        core[kind] = [unit for unit in core[kind] if unit["name"] == name]
        core[kind][0]["name"] = f"{name}[0..{last}]"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(loihi, file)
        file.flush()
        return sanafe.load_arch(file.name)


def packaged():
    """The arrays of the package, and the side of the map."""
    with files("sanafe.examples").joinpath("dvs_challenge.npz").open("rb") as file:
        return dict(np.load(file)), 32


def made():
    """Arrays of the same kinds from a congruential generator, in this order, each row by row."""
    state = 1

    def draw(shape, n, least):
        nonlocal state
        values = np.empty(int(np.prod(shape)), dtype=int)
        for i in range(len(values)):
            state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            values[i] = (state >> 33) % n + least
        return values.reshape(shape)

    data = {"thresholds": np.array([128, 60, 250, 400, 500, 20]), "inputs": draw((256,), 120, 0)}
    channels = (1, 16, 32, 64, 11)
    for i in range(1, 5):
        data[f"conv{i}"] = draw((3, 3, channels[i - 1], channels[i]), 17, -6)
    data["dense1"] = draw((11, 11), 17, -6)
    return data, 16


def network(source):
    data, side = source()
    net, thresholds = sanafe.Network(), data["thresholds"]
    chain = [layers.Input2D(net, side, side, threshold=thresholds[0])]
    for i, stride in enumerate((2, 1, 1, 1), start=1):
        kernels = data[f"conv{i}"]
        chain.append(
            layers.Conv2D(net, chain[-1], kernels, stride_width=stride, stride_height=stride, threshold=thresholds[i])
        )
    chain.append(layers.Dense(net, chain[-1], 11, data["dense1"], threshold=thresholds[5]))
    for neuron, bias in zip(chain[0], data["inputs"]):
        neuron.set_attributes(model_attributes={"bias": bias})
    return net, chain


def variant(cores, neurons, columns, mode, source):
    arch = architecture(cores, neurons, columns)
    net, chain = network(source)
    all_cores, used = arch.cores(), 0
    for layer in chain:
        for i, neuron in enumerate(layer):
            unit = i % neurons // UNIT
            neuron.set_attributes(
                default_synapse_hw_name="loihi_conv_synapse",
                soma_hw_name=f"{SOMA}[{unit}]",
                dendrite_hw_name=f"{DENDRITE}[{unit}]",
            )
            neuron.map_to_core(all_cores[used + i // neurons])
        used += -(-len(layer) // neurons)
    chip = sanafe.SpikingChip(arch)
    chip.load(net)
    run = chip.sim(STEPS, timing_model=mode, processing_threads=1, scheduler_threads=0)
    figures = [run["neurons_fired"], run["spikes"], run["packets_sent"], run["energy"]["total"], run["sim_time"]]
    return ",".join(map(str, [cores, neurons, used, *figures]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", help="CSV file to write")
    parser.add_argument("--mode", default="detailed", choices=("simple", "detailed"), help="SANA-FE's model of time")
    parser.add_argument("--made", action="store_true", help="the made network rather than the package's")
    options = parser.parse_args()
    lines = ["cores,neurons_per_core,cores_used,spikes,synaptic_events,packets,energy_j,time_s"]
    for cores, neurons, columns in VARIANTS:
        lines.append(variant(cores, neurons, columns, options.mode, made if options.made else packaged))
        print(lines[-1])
    with open(options.out, "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
