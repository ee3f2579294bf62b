"""Data sets: names, what is missing, and, where one was fetched, its arrays."""

import numpy as np
import pytest

import spikeloom
from spikeloom import datasets


def test_names_and_classes():
    assert datasets.names() == ["mnist", "fashion-mnist", "cifar10"]
    assert datasets.class_names("cifar10")[3] == "cat"
    x, y = datasets.mnist_sample()
    assert x.shape == (500, 1, 28, 28) and y.shape == (500,) and x.dtype == y.dtype == np.uint8


def test_what_is_wrong_is_named(tmp_path):
    for call, part in [
        (lambda: datasets.load("svhn"), "name: unknown data set `svhn`"),
        (lambda: datasets.load("mnist", "validation"), "split: `validation`"),
        (lambda: datasets.load("mnist", folder=tmp_path), "spikeloom data fetch"),
        (lambda: datasets.fetch("svhn"), "name: unknown data set `svhn`"),
        (lambda: datasets.class_names("svhn"), "name: unknown data set `svhn`"),
    ]:
        with pytest.raises(spikeloom.InputError) as error:
            call()
        assert part in str(error.value), str(error.value)


def test_a_fetched_data_set_is_read():
    try:
        x, y = datasets.load("mnist", "test")
    except spikeloom.InputError as error:
        pytest.skip(f"mnist was not fetched here: {error}")
    assert x.shape == (10_000, 1, 28, 28) and np.bincount(y).tolist()[:3] == [980, 1135, 1032]
