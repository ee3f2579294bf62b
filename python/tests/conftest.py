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


@pytest.fixture(scope="session")
def graph():
    """A network of nine neurons, an image of 3 × 3, each of which copies its input's events; a nir.NIRGraph."""
    nir = pytest.importorskip("nir")
    one = np.ones((1, 3, 3), np.float32)
    return nir.NIRGraph(
        nodes={
            "input": nir.Input({"input": np.array([1, 3, 3])}),
            "weights": nir.Conv2d((3, 3), 2 * np.ones((1, 1, 1, 1), np.float32), 1, 0, 1, 1, np.zeros(1, np.float32)),
            "out": nir.IF(one, one, v_reset=0 * one),
            "output": nir.Output({"output": np.array([1, 3, 3])}),
        },
        edges=[("input", "weights"), ("weights", "out"), ("out", "output")],
    )


@pytest.fixture(scope="session")
def tiny(graph) -> spikeloom.Program:
    """That network on a chip, for events over four timesteps."""
    return spikeloom.load(graph, dt=1, steps=4, coding="events").compile("loihi1")
