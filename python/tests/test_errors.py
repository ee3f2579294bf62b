"""A wrong input to every function: a Python error that names the argument."""

import pickle

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
        (lambda p: spikeloom.Program.load("nowhere.slb", "loihi1"), "nowhere.slb"),
        (lambda p: spikeloom.Chip("loihi9"), "loihi9"),
        (lambda p: spikeloom.Chip("nowhere.ron"), "nowhere.ron"),
        (lambda p: spikeloom.Chip("loihi1", prices="gold"), "gold"),
        (lambda p: spikeloom.load("mnist-tiny"), "mnist-tiny"),
        (lambda p: spikeloom.load("nowhere.nir"), "nowhere.nir"),
        (lambda p: spikeloom.load(3), "source: int"),
        (lambda p: spikeloom.load("mnist-small").compile("loihi1", weight_bits=40), "weight_bits: 40"),
        (lambda p: spikeloom.load("mnist-small").compile("loihi1", seed=-1), "seed: -1"),
        (lambda p: spikeloom.load("mnist-small").compile("loihi1", effort=-1), "effort: -1"),
        (lambda p: spikeloom.load("mnist-small").compile("loihi1", calibration=np.zeros((1, 3), np.uint8)), "calibration: has shape"),
        (lambda p: spikeloom.load("mnist-small").compile("loihi1", activity=["a"]), "activity: has elements"),
        (lambda p: spikeloom.load("mnist-small").compile(7), "chip: is a int"),
        (lambda p: spikeloom.Program.load("x.slb", 7), "chip: is a int"),
        (lambda p: spikeloom.Chip("loihi1").with_prices("gold"), "gold"),
        (lambda p: spikeloom.Chip("loihi1").with_(core__neurons="many"), "core.neurons"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8), mode=3), "mode: 3"),
        (lambda p: p.run([[1], [2, 3]]), "x: is no array"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8), labels=[2**40]), "labels: 1099511627776"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8), spikes=True).spikes(9), "layer: 9 is beyond"),
        (lambda p: p.run(np.zeros((1, 784), np.uint8), spikes=True).spikes(1.5), "layer: is a float"),
        (lambda p: spikeloom.energy.model(spikeloom.load("mnist-small")), "x: is missing"),
        (lambda p: spikeloom.energy.model(spikeloom.load("mnist-small"), np.zeros((1, 3), np.uint8)), "x: has shape"),
        (lambda p: spikeloom.energy.model({"mode": "snn"}), "has no `layers`"),
        (lambda p: spikeloom.energy.model({"mode": "snn", "layers": []}), "`layers` is empty"),
        (lambda p: spikeloom.energy.model("nowhere.json"), "network: "),
        (lambda p: spikeloom.energy.model(3), "network: is a int"),
        (lambda p: spikeloom.energy.model(spikeloom.load("mnist-small"), p, reading="guess"), "x: has elements"),
        (lambda p: spikeloom.energy.model(spikeloom.load("mnist-small"), np.zeros((1, 784), np.uint8), reading="guess"), "options: "),
        (lambda p: spikeloom.bin_events(np.zeros(3), (2, 2, 2), dt=1), "events: have no field"),
        (lambda p: spikeloom.bin_events(np.zeros(1, [("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "i1")]), (2, 2, 2), dt=0), "dt: 0"),
    ],
)
def test_wrong_inputs_name_the_argument(program, call, part):
    with pytest.raises(InputError) as error:
        call(program)
    assert part in str(error.value), str(error.value)
    assert isinstance(error.value, ValueError) and isinstance(error.value, spikeloom.SpikeloomError)


@pytest.mark.parametrize(
    "arguments, part",
    [
        ({"dt": 0}, "dt: 0"),
        ({"dt": "a"}, "dt: 'a'"),
        ({"steps": 0}, "steps: 0"),
        ({"steps": 2.5}, "steps: 2.5"),
        ({"profile": "brian"}, "profile: `brian` is none of snntorch"),
        ({"reset": "hard"}, "reset: `hard` is none of zero"),
        ({"compare": "eq"}, "compare: `eq` is none of gt, ge"),
        ({"floor": "low"}, "floor: `low` is no number"),
        ({"start": "x"}, "start: is neither a number"),
        ({"spikes": 99}, "spikes: is neither one nor several"),
        ({"integrator": "rk4"}, "integrator: `rk4` is none of euler"),
        ({"coding": "rate"}, "coding: `rate` is none of every"),
        ({"read_out": "nowhere", "dt": 1}, "nowhere"),
        ({"reset_interval": 4}, "reset_interval: is for netx files"),
        ({"source": "mnist-small", "dt": 1}, "dt: is for NIR and netx files"),
        ({"source": "mnist-small", "steps": 4}, "steps: is for NIR and netx files"),
        ({}, "timestep"),
    ],
)
def test_wrong_options_of_a_file_name_the_argument(graph, arguments, part):
    with pytest.raises(InputError) as error:
        spikeloom.load(**({"source": graph} | arguments))
    assert part in str(error.value), str(error.value)


EVENT = np.zeros(1, [("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "i1")])
X = np.zeros((1, 784), np.uint8)

# Every argument of every function, with values that it cannot take.
WRONG = [
    ("name", [3, None, b"x"], lambda p, v: spikeloom.Chip(v)),
    ("prices", [3, []], lambda p, v: spikeloom.Chip("loihi1", prices=v)),
    ("table", [3, None], lambda p, v: spikeloom.Chip("loihi1").with_prices(v)),
    ("core.neurons", ["many", -1, 0.5, [1]], lambda p, v: spikeloom.Chip("loihi1").with_(core__neurons=v)),
    ("source", [3, None, [], X], lambda p, v: spikeloom.load(v)),
    ("sample", [3, "x"], lambda p, v: spikeloom.load("mnist-small", sample=v)),
    ("chip", [3, None, "x.slb".encode()], lambda p, v: spikeloom.load("mnist-small").compile(v)),
    ("weight_bits", [0, 17, True, "8", 8.0, None], lambda p, v: spikeloom.load("mnist-small").compile("loihi1", weight_bits=v)),
    ("seed", [-1, 2**64, True, "1", None], lambda p, v: spikeloom.load("mnist-small").compile("loihi1", seed=v)),
    ("effort", [-1, 2**40, True, "1", None], lambda p, v: spikeloom.load("mnist-small").compile("loihi1", effort=v)),
    ("check", ["no", 3, None], lambda p, v: spikeloom.load("mnist-small").compile("loihi1", check=v)),
    ("balance", ["no", 3, None], lambda p, v: spikeloom.load("mnist-small").compile("loihi1", balance=v)),
    ("calibration", ["x", 3, [[1], [2, 3]]], lambda p, v: spikeloom.load("mnist-small").compile("loihi1", calibration=v)),
    ("activity", ["x", 3, [[1], [2, 3]]], lambda p, v: spikeloom.load("mnist-small").compile("loihi1", activity=v)),
    ("progress", ["yes", 3, None], lambda p, v: spikeloom.load("mnist-small").compile("loihi1", progress=v)),
    ("path", [3, None], lambda p, v: spikeloom.Program.load(v, "loihi1")),
    ("path", [3, None], lambda p, v: p.save(v)),
    ("x", ["x", 3, None, {}, [[1], [2, 3]]], lambda p, v: p.run(v)),
    ("labels", ["x", 3, [[1], [2, 3]], [None]], lambda p, v: p.run(X, labels=v)),
    ("mode", ["fast", 3, None], lambda p, v: p.run(X, mode=v)),
    ("threads", [0, 257, True, "2", 1.5], lambda p, v: p.run(X, threads=v)),
    ("spikes", ["yes", 3, None], lambda p, v: p.run(X, spikes=v)),
    ("per_sample", ["yes", 3, None], lambda p, v: p.run(X, per_sample=v)),
    ("dt", ["x", True], lambda p, v: p.run(X, dt=v)),
    ("dataset", [3, None], lambda p, v: p.run(X, dataset=v)),
    ("progress", ["yes", 3, None], lambda p, v: p.run(X, progress=v)),
    ("sample", [3, -1, "x", None], lambda p, v: p.run(X, spikes=True).plot_raster("conv1", sample=v)),
    ("layer", [99, None, 1.5], lambda p, v: p.run(X, spikes=True).spikes(v)),
    ("level", [3, None, "x"], lambda p, v: p.run(X).to_pandas(v)),
    ("path", [3, None], lambda p, v: p.run(X).save(v)),
    ("events", [3, None, [], np.zeros(2)], lambda p, v: spikeloom.bin_events(v, (2, 2, 2), dt=1)),
    ("events", [np.array([("a", 0, 0, 0)], [("t", "U3"), ("x", "i2"), ("y", "i2"), ("p", "i1")])], lambda p, v: spikeloom.bin_events(v, (2, 2, 2), dt=1)),
    ("sensor_size", [3, None, (1, 2), ("a", 1, 1), (0, 1, 1)], lambda p, v: spikeloom.bin_events(EVENT, v, dt=1)),
    ("dt", [0, -1, "x", None, True], lambda p, v: spikeloom.bin_events(EVENT, (2, 2, 2), dt=v)),
    ("steps", [0, -1, "x", 1.5, True], lambda p, v: spikeloom.bin_events(EVENT, (2, 2, 2), dt=1, steps=v)),
    ("polarities", ["x", None, 3], lambda p, v: spikeloom.bin_events(EVENT, (2, 2, 2), dt=1, polarities=v)),
    ("space", [3, None, b"x"], lambda p, v: spikeloom.explore(v)),
    ("out", [3, []], lambda p, v: spikeloom.explore("x.ron", out=v)),
    ("client", [3, "x"], lambda p, v: spikeloom.explore("x.ron", client=v)),
    ("threads", [0, 257, True, "2"], lambda p, v: spikeloom.explore("x.ron", threads=v)),
    ("shard", [3, "01", (2, 2), (0,), (0.0, 2), (-1, 2)], lambda p, v: spikeloom.explore("x.ron", shard=v)),
    ("progress", ["yes", 3, None], lambda p, v: spikeloom.explore("x.ron", progress=v)),
    ("dataset", [3, []], lambda p, v: spikeloom.train(v, out="x")),
    ("out", [3, None], lambda p, v: spikeloom.train("mnist", out=v)),
    ("epochs", [0, "x", 1.5, True], lambda p, v: spikeloom.train("mnist", out="x", epochs=v)),
    ("seed", [-1, "x", 1.5, True], lambda p, v: spikeloom.train("mnist", out="x", seed=v)),
    ("protocol", [3, "x"], lambda p, v: spikeloom.train("mnist", out="x", protocol=v)),
    ("folder", [3, []], lambda p, v: spikeloom.train("mnist", out="x", folder=v)),
    ("resume", ["x", None], lambda p, v: spikeloom.train("mnist", out="x", resume=v)),
    ("progress", ["x", None], lambda p, v: spikeloom.train("mnist", out="x", progress=v)),
    ("train", [3, (X,), (X, None), "ab"], lambda p, v: spikeloom.train(out="x", train=v, test=(X, [0]))),
    ("settings", [X], lambda p, v: spikeloom.train("mnist", out="x", channels=v)),
    ("network", [3, None, {"layers": X}], lambda p, v: spikeloom.energy.model(v)),
    ("options", [3, "x", {"ram": X}], lambda p, v: spikeloom.energy.model({"mode": "snn"}, options=v)),
    ("progress", ["x", None], lambda p, v: spikeloom.energy.model({"mode": "snn"}, progress=v)),
    ("name", [3, None], lambda p, v: spikeloom.datasets.load(v)),
    ("split", [3, None], lambda p, v: spikeloom.datasets.load("mnist", v)),
    ("folder", [3, []], lambda p, v: spikeloom.datasets.load("mnist", folder=v)),
    ("name", [3, None], lambda p, v: spikeloom.datasets.class_names(v)),
    ("name", [3, None], lambda p, v: spikeloom.datasets.fetch(v)),
    ("progress", ["x", None], lambda p, v: spikeloom.datasets.fetch("mnist", progress=v)),
]


@pytest.mark.parametrize("argument, value, call", [(a, v, call) for a, values, call in WRONG for v in values])
def test_every_argument_is_checked_by_name(program, argument, value, call):
    with pytest.raises(InputError) as error:
        call(program, value)
    assert argument in str(error.value).split(":")[0], str(error.value)


def test_errors_survive_pickle():
    for kind in (spikeloom.SpikeloomError, InputError, spikeloom.DoesNotFitError, spikeloom.UnpricedError, spikeloom.InternalError):
        again = pickle.loads(pickle.dumps(kind("words")))
        assert type(again) is kind and str(again) == "words" and kind.__module__ == "spikeloom"


def test_what_does_not_fit_says_why():
    with pytest.raises(spikeloom.DoesNotFitError) as error:
        spikeloom.load("cifar10").compile("truenorth")
    assert error.value.reasons and error.value.reasons[0] in str(error.value)
