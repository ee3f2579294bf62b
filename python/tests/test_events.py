"""Binning of events, against a loop."""

import numpy as np

import spikeloom


def test_events_fall_into_their_bins():
    rng = np.random.default_rng(1)
    kind = [("t", "i8"), ("x", "i2"), ("y", "i2"), ("p", "i1")]
    events = np.zeros(200, kind)
    events["t"] = np.sort(rng.integers(500, 1500, 200))
    events["x"], events["y"], events["p"] = rng.integers(0, 6, 200), rng.integers(0, 4, 200), rng.integers(0, 2, 200)
    dense = spikeloom.bin_events(events, (6, 4, 2), dt=100)
    want = np.zeros_like(dense)
    for t, x, y, p in events.tolist():
        want[(t - int(events["t"].min())) // 100, p, y, x] = 1
    assert (dense == want).all() and dense.shape[1:] == (2, 4, 6)
    joined = spikeloom.bin_events(events, (6, 4, 2), dt=100, polarities=False)
    assert (joined[:, 0] == dense.max(axis=1)).all()
