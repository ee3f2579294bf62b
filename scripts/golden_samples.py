"""Small files as numpy and h5py write them, which the readers of models/datasets are tested on: models/datasets/golden.

    python scripts/golden_samples.py models/datasets/golden

Made with numpy 2.4 and h5py 3.16; the values are those of the test `golden`.
"""

import sys
from pathlib import Path

import h5py
import numpy as np


def shd(path):
    """Units and times of spikes by recording, as the Spiking Heidelberg Digits have them."""
    with h5py.File(path, "w") as f:
        spikes = f.create_group("spikes")
        times = spikes.create_dataset("times", (3,), dtype=h5py.vlen_dtype(np.float16))
        units = spikes.create_dataset("units", (3,), dtype=h5py.vlen_dtype(np.uint16))
        for i, (t, u) in enumerate([([0.25, 0.001, 0.002], [3, 699, 3]), ([], []), ([0.5], [0])]):
            times[i], units[i] = np.array(t, np.float16), np.array(u, np.uint16)
        f.create_dataset("labels", data=np.array([4, 0, 19], np.uint16))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    shd(folder / "shd.h5")
    # Events as tonic writes them.
    kind = np.dtype([("x", np.int64), ("y", np.int64), ("t", np.int64), ("p", np.int64)])
    events = np.array([(3, 1, 1500, 1), (0, 2, 10, 0), (3, 1, 1600, 1)], kind)
    np.save(folder / "events.npy", events)
    # Frames: two samples of three timesteps, two channels of 2x2; counts, and currents.
    frames = np.zeros((2, 3, 2, 2, 2), np.float32)
    frames[0, 0, 1, 0, 1], frames[1, 2, 0, 1, 0] = 2, 1
    np.savez_compressed(folder / "frames.npz", x=frames, y=np.array([1, 0]))
    np.save(folder / "currents.npy", np.asfortranarray(frames[0] * np.float32(0.25)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
