"""Events: binning against a loop, and networks that take them."""

import numpy as np
import pytest

import spikeloom

KIND = [("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "i1")]


def test_events_fall_into_their_bins():
    rng = np.random.default_rng(1)
    events = np.zeros(200, KIND)
    events["t"] = np.sort(rng.integers(500, 1500, 200))
    events["x"], events["y"], events["p"] = rng.integers(0, 6, 200), rng.integers(0, 4, 200), rng.integers(0, 2, 200)
    dense = spikeloom.bin_events(events, (6, 4, 2), dt=100)
    want = np.zeros_like(dense)
    for t, x, y, p in events.tolist():
        want[(t - int(events["t"].min())) // 100, p, y, x] = 1
    assert (dense == want).all() and dense.shape[1:] == (2, 4, 6)
    joined = spikeloom.bin_events(events, (6, 4, 2), dt=100, polarities=False)
    assert (joined[:, 0] == dense.max(axis=1)).all()


def test_a_row_of_sensors_needs_no_y():
    events = np.array([(0, 5, 1), (9, 2, 1)], [("t", "i8"), ("x", "i2"), ("p", "i1")])
    dense = spikeloom.bin_events(events, (6, 1, 1), dt=5, polarities=False)
    assert np.argwhere(dense).tolist() == [[0, 0, 0, 5], [1, 0, 0, 2]]


def test_dense_events_run_over_timesteps(tiny):
    x = np.zeros((2, 4, 9), bool)
    x[0, 1, 2] = x[1, 0, 0] = x[1, 3, 0] = True
    result = tiny.run(x, spikes=True)
    assert result.spikes("out")[:, [0, 2]].tolist() == [[0, 2], [1, 0], [1, 0]]


def test_recordings_run_as_their_dense_form(tiny):
    first = np.array([(1000, 2, 0, 1), (3500, 0, 2, 0)], KIND)
    second = np.array([(10, 1, 1, 0)], KIND)
    result = tiny.run([first, second], dt=1000, spikes=True)
    dense = np.zeros((2, 4, 1, 3, 3), np.uint8)
    dense[0, 0, 0, 0, 2] = dense[0, 2, 0, 2, 0] = dense[1, 0, 0, 1, 1] = 1
    assert (result.spikes("out") == tiny.run(dense, spikes=True).spikes("out")).all()
    assert len(result.spikes("out")) == 3


def test_wrong_recordings_are_named(tiny):
    late = np.array([(0, 0, 0, 0), (9000, 0, 0, 0)], KIND)
    outside = np.array([(0, 7, 0, 0)], KIND)
    for x, dt, part in [
        ([late], 1000, "x: recording 0: steps: 1 events lie after timestep 4"),
        ([late[:1], outside], 1000, "x: recording 1: events: x runs from 7 to 7, the sensor has 3"),
        ([late], None, "dt: x holds recordings"),
        (late, 1000, "x: is one recording"),
        (np.zeros((1, 4, 9)), 1000, "dt: is for recordings"),
        (np.ones((1, 9)), None, "x: has shape [1, 9] and holds 0 and 1 only"),
        (np.ones((1, 5, 9)), None, "x: has 5 timesteps, the network runs for 4"),
        (np.full((1, 4, 9), 2), None, "x: neuron 0 has 2 events in one timestep"),
    ]:
        with pytest.raises(spikeloom.InputError) as error:
            tiny.run(x, dt=dt)
        assert part in str(error.value), str(error.value)
