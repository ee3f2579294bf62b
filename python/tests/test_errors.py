"""A wrong input to every function: a Python error that names the argument."""

import numpy as np
import pytest

import spikeloom
from spikeloom import InputError


@pytest.mark.parametrize(
    "call, part",
    [
        (lambda p: p.run(np.zeros((2, 5), np.uint8)), "x: has shape [2, 5]"),
        (lambda p: p.run(np.zeros((0, 784), np.uint8)), "x: holds no samples"),
        (lambda p: p.run(np.full((1, 784), 0.5)), "x: has numbers with a fractional part"),
        (lambda p: p.run(np.full((1, 784), np.nan)), "x: has numbers with a fractional part"),
        (lambda p: p.run(np.full((1, 784), 300)), "x: images are pixels"),
        (lambda p: p.run(["a"]), "x: has elements of type"),
        (lambda p: p.run(np.zeros((2, 784), np.uint8), labels=[1]), "labels: 1 labels for 2 samples"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8), labels=[0.5]), "labels: have shape"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8), labels=[-1]), "labels: -1 is below 0"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8), mode="fast"), "mode: `fast`"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8), threads=0), "threads: 0"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8)).spikes("conv1"), "run with spikes=True"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8), spikes=True).spikes("conv9"), "there is no `conv9`"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8)).to_pandas("spike"), "level: 'spike'"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8)).save("run.json"), "labels: a record"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8)).record, "labels: a record"),
        (lambda p: spikeloom.Program.load("nowhere.slb", "loihi1"), "nowhere.slb"),
        (lambda p: spikeloom.Chip("loihi9"), "loihi9"),
        (lambda p: spikeloom.Chip("nowhere.ron"), "nowhere.ron"),
        (lambda p: spikeloom.Chip("loihi1", prices="gold"), "gold"),
        (lambda p: spikeloom.load("mnist-tiny"), "mnist-tiny"),
        (lambda p: spikeloom.load("nowhere.nir"), "nowhere.nir"),
        (lambda p: spikeloom.load(3), "source: int"),
        (lambda p: spikeloom.load("mnist-small").compile("loihi1", weight_bits=40), "weight_bits: 40"),
        (lambda p: spikeloom.load("mnist-small").compile(7), "chip: is a int"),
        (lambda p: spikeloom.bin_events(np.zeros(3), (2, 2, 2), dt=1), "events: have no field"),
        (lambda p: spikeloom.bin_events(np.zeros(1, [("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "i1")]), (2, 2, 2), dt=0), "dt: 0"),
    ],
)
def test_wrong_inputs_name_the_argument(program, call, part):
    with pytest.raises(InputError) as error:
        call(program)
    assert part in str(error.value), str(error.value)
    assert isinstance(error.value, ValueError) and isinstance(error.value, spikeloom.SpikeloomError)


def test_what_does_not_fit_says_why():
    with pytest.raises(spikeloom.DoesNotFitError) as error:
        spikeloom.load("cifar10").compile("truenorth")
    assert error.value.reasons and error.value.reasons[0] in str(error.value)
