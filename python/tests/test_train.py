"""Training: from arrays to a network that compiles; stopped and resumed."""

import numpy as np
import pytest

import spikeloom

SETTINGS = {"epochs": 2, "seed": 3, "channels": [10, 10], "strides": [2, 2], "batch": 20, "validation": 40, "calibration": 40}


@pytest.fixture(scope="module")
def split():
    x, y = spikeloom.mnist_sample()
    return (x[:200], y[:200]), (x[200:300], y[200:300])


def test_arrays_are_trained_compiled_and_run(split, tmp_path):
    seen = []
    training = spikeloom.train(
        train=split[0], test=split[1], out=tmp_path / "run", progress=lambda *at: seen.append(at), **SETTINGS
    )
    assert seen[-1] == ("train", 320, 320)
    assert len(training.history) == 2 and len(training.to_pandas()) == 2 * 2
    result = training.network.compile("loihi1").run(*split[1])
    # Accuracy on the chip differs by rounding alone.
    assert abs(result.accuracy - training.accuracy) <= 0.03
    assert "run" in repr(training) and "%" in training._repr_html_()


def test_what_is_stopped_goes_on(split, tmp_path):
    whole = spikeloom.train(train=split[0], test=split[1], out=tmp_path / "whole", **SETTINGS)

    def stop(task, done, of):
        if done > 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spikeloom.train(train=split[0], test=split[1], out=tmp_path / "run", progress=stop, **SETTINGS)
    with pytest.raises(spikeloom.InputError, match="out: .* holds a checkpoint"):
        spikeloom.train(train=split[0], test=split[1], out=tmp_path / "run", **SETTINGS)
    rest = spikeloom.train(train=split[0], test=split[1], out=tmp_path / "run", resume=True, **SETTINGS)
    assert rest.accuracy == whole.accuracy
    assert (tmp_path / "run/network.safetensors").read_bytes() == (tmp_path / "whole/network.safetensors").read_bytes()


def test_wrong_inputs_name_the_argument(split, tmp_path):
    (x, y), test = split
    for arguments, part in [
        ({"dataset": "mnist", "train": (x, y), "test": test}, "dataset: give"),
        ({}, "dataset: give"),
        ({"train": (x, y)}, "test: is missing"),
        ({"train": x, "test": test}, "train: is no pair"),
        ({"train": (x, y[:3]), "test": test}, "train: 3 labels for 200 images"),
        ({"train": (x[:, 0], y), "test": test}, "train: images have shape"),
        ({"train": (x, y), "test": (np.zeros((100, 3, 32, 32), np.uint8), test[1])}, "test: images are"),
        ({"train": (x / 255, y), "test": test}, "train: has numbers with a fractional part"),
        ({"train": (x, None), "test": test}, "train: has no labels"),
        ({"dataset": "svhn"}, "unknown data set `svhn`"),
        ({"dataset": "mnist", "folder": str(tmp_path / "no")}, "no/mnist"),
        ({"train": (x, y), "test": test, "chanels": [20]}, "settings: "),
        ({"train": (x, y), "test": test, "channels": [2]}, "settings: "),
        ({"train": (x, y), "test": test, "channels": object()}, "settings: "),
    ]:
        with pytest.raises(spikeloom.InputError) as error:
            spikeloom.train(out=tmp_path / "run", **arguments)
        assert part in str(error.value), str(error.value)
