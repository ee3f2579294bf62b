"""What several tests use."""

import numpy as np
import pytest

import spikeloom


@pytest.fixture(scope="session")
def network() -> spikeloom.Network:
    return spikeloom.load("mnist-small")


@pytest.fixture(scope="session")
def program(network: spikeloom.Network) -> spikeloom.Program:
    return network.compile("loihi1")


@pytest.fixture(scope="session")
def images() -> tuple[np.ndarray, np.ndarray]:
    x, y = spikeloom.mnist_sample()
    return x[:20], y[:20]


@pytest.fixture(scope="session")
def result(program, images) -> spikeloom.Result:
    return program.run(images[0], labels=images[1], spikes=True, per_sample=True)
