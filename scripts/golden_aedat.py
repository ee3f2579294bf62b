#!/usr/bin/env python3
"""Writes the AEDAT 4.0 files of models/datasets/golden/aedat with dv-processing, one per compression, and the events in them.

    python3 scripts/golden_aedat.py models/datasets/golden/aedat          (needs numpy and dv-processing; written with 2.0.4)

dv-processing stamps nothing but the events, so that the files change with its version only.
"""
import sys
from pathlib import Path

import dv_processing as dv
import numpy as np

EVENTS, FIRST_PACKET = 60, 40
RESOLUTION = (12, 8)


def main(folder):
    rng = np.random.default_rng(3)
    rows, t = [], 1_700_000_000_000_000
    for _ in range(EVENTS):
        t += int(rng.integers(0, 400))
        rows.append((t, int(rng.integers(0, 12)), int(rng.integers(0, 8)), bool(rng.integers(0, 2))))
    for name in ("none", "lz4", "zstd"):
        config = dv.io.MonoCameraWriter.EventOnlyConfig("Test", RESOLUTION)
        config.compression = getattr(dv.CompressionType, name.upper())
        writer = dv.io.MonoCameraWriter(str(folder / f"{name}.aedat4"), config)
        for part in (rows[:FIRST_PACKET], rows[FIRST_PACKET:]):
            packet = dv.EventStore()
            for row in part:
                packet.push_back(*row)
            writer.writeEvents(packet)
    lines = [f"{t},{x},{y},{int(p)}" for t, x, y, p in rows]
    (folder / "events.csv").write_text("\n".join(["t,x,y,p", *lines]) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
