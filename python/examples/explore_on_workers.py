"""How long a search takes on threads, and on 1, 2, … Dask workers of this machine; and that the bytes are the same.

    pip install './python[dask]'
    python python/examples/explore_on_workers.py spaces/first.ron --workers 1 2

On a cluster, only the client differs: `Client("tcp://scheduler:8786")`, or a `SLURMCluster` of dask-jobqueue.
"""

import argparse
import tempfile
import time
from pathlib import Path

from distributed import Client, LocalCluster

import spikeloom


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((folder / "points").glob("*.json"))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("space")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    scratch = Path(tempfile.mkdtemp())

    begun = time.perf_counter()
    points = spikeloom.explore(given.space, out=scratch / "serial", threads=1).evaluated
    serial = time.perf_counter() - begun
    print(f"{points} points; one thread: {serial:.1f} s, {1e3 * serial / points:.0f} ms a point")
    for n in given.workers:
        options = {"n_workers": n, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
        with LocalCluster(**options) as cluster, Client(cluster) as client:
            begun = time.perf_counter()
            spikeloom.explore(given.space, out=scratch / str(n), client=client)
            took = time.perf_counter() - begun
        same = contents(scratch / str(n)) == contents(scratch / "serial")
        print(f"{n} workers: {took:.1f} s, {serial / took:.2f} times as fast; the bytes are {'the same' if same else 'OTHERS'}")


if __name__ == "__main__":
    main()
