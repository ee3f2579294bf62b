#!/usr/bin/env python3
"""Stand-ins for N-MNIST: MNIST's first test images as an event camera that moves sees them, in N-MNIST's files (34x34, three moves of 100 ms, five bytes per
event), by class.

    python3 scripts/standin_nmnist.py 60 0.35 FOLDER [DATA]

60 images, a contrast threshold of 0.35, the folder to write; DATA holds MNIST's IDX files (~/.cache/spikeloom/data). Needs numpy.
"""
import gzip
import sys
from pathlib import Path

import numpy as np


def idx(data, stem):
    path = next(p for p in sorted(data.rglob("*")) if p.name.startswith(stem) and "fashion" not in str(p))
    return (gzip.open(path) if path.suffix == ".gz" else path.open("rb")).read()


def shifted(image, dx, dy):
    """The 34x34 pixels of the sensor, with the image displaced by parts of a pixel."""
    big = np.zeros((40, 40))
    big[6:34, 6:34] = image
    fx, fy = int(np.floor(dx)), int(np.floor(dy))
    ax, ay = dx - fx, dy - fy

    def at(a, b):
        return np.roll(np.roll(big, fx + a, 1), fy + b, 0)

    return ((1 - ax) * (1 - ay) * at(0, 0) + ax * (1 - ay) * at(1, 0) + (1 - ax) * ay * at(0, 1) + ax * ay * at(1, 1))[3:37, 3:37]


def events(image, theta, rng):
    """Time [µs], column, row and polarity of changes of the logarithm by theta, along a triangle."""
    corners = np.array([[0, 0], [3.0, 3.0], [6.0, 0.0], [0, 0]]) - [3.0, 1.5]
    seen = np.log(0.15 + shifted(image, *corners[0]))
    found = []
    for t in range(1, 300):
        side, along = divmod(t, 100)
        along = 0.5 - 0.5 * np.cos(np.pi * (along / 100))
        now = np.log(0.15 + shifted(image, *(corners[side] + (corners[side + 1] - corners[side]) * along)))
        for on, mask in ((1, now - seen > theta), (0, seen - now > theta)):
            found += [(t * 1000 + int(rng.integers(1000)), x, y, on) for y, x in zip(*np.nonzero(mask))]
        hit = np.abs(now - seen) > theta
        seen[hit] += theta * np.sign(now - seen)[hit]
    return sorted(found)


def main():
    n, theta, out = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    data = Path(sys.argv[4]) if len(sys.argv) > 4 else Path("~/.cache/spikeloom/data").expanduser()
    images = np.frombuffer(idx(data, "t10k-images")[16:], np.uint8).reshape(-1, 28, 28)[:n] / 255
    labels = np.frombuffer(idx(data, "t10k-labels")[8:], np.uint8)[:n]
    rng = np.random.default_rng(1)
    for i, (image, label) in enumerate(zip(images, labels)):
        folder = out / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        words = ((x, y, (on << 23) | t) for t, x, y, on in events(image, theta, rng))
        (folder / f"{i:05}.bin").write_bytes(b"".join(bytes([x, y, w >> 16, w >> 8 & 255, w & 255]) for x, y, w in words))


main()
