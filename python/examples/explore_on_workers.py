"""How long a search takes on a thread, and on 1, 2, … Dask workers of this machine; and that the bytes are the same.

Processor times are printed too: on a machine that does other things as well, they are what can be compared. This process is client and scheduler.

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

    begun, used = time.perf_counter(), time.process_time()
    points = spikeloom.explore(given.space, out=scratch / "serial", threads=1).evaluated
    serial, used = time.perf_counter() - begun, time.process_time() - used
    print(f"{points} points; one thread: {serial:.1f} s, {used:.1f} s of processor, {1e3 * used / points:.0f} ms a point")
    for n in given.workers:
        options = {"n_workers": n, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
        with LocalCluster(**options) as cluster, Client(cluster) as client:
            before, begun, used = client.run(time.process_time), time.perf_counter(), time.process_time()
            spikeloom.explore(given.space, out=scratch / str(n), client=client)
            took, used = time.perf_counter() - begun, time.process_time() - used
            workers = [after - before[worker] for worker, after in client.run(time.process_time).items()]
        same = contents(scratch / str(n)) == contents(scratch / "serial")
        of_each = ", ".join(f"{worker:.1f}" for worker in workers)
        print(f"{n} workers: {took:.1f} s; of processor {of_each} s each and {used:.1f} s here; the bytes are {'the same' if same else 'OTHERS'}")


if __name__ == "__main__":
    main()
