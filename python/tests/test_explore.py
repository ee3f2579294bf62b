"""Spaces: searched on threads, by processes, by a Dask cluster that loses a worker; the bytes are the same."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

import spikeloom

SPACE = """
Space(
    version: 1,
    name: "small",
    chips: ["loihi1"],
    networks: [(model: "mnist-small", samples: Some(8))],
    parameters: [
        (path: "core.neurons", values: Powers(from: 256, to: 1024)),
        (path: "core.lanes", values: List([1, 2, 4])),
        (path: "deploy.weight_bits", values: List([4, 8])),
        (path: "core.memories.state.bits", values: Linked("24 * core.neurons")),
        (path: "core.memories.params.bits", values: Linked("160 * core.neurons")),
        (path: "core.memories.state.banks", values: Linked("core.lanes")),
    ],
    objectives: [Minimize("energy"), Minimize("latency")],
    front_effort: Some(100),
)
"""


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    path = tmp_path_factory.mktemp("space") / "small.ron"
    path.write_text(SPACE)
    return path


def contents(folder):
    """Every point's bytes, and the table."""
    files = sorted((folder / "points").glob("*.json"))
    return {file.name: file.read_bytes() for file in files} | {"points.csv": (folder / "points.csv").read_bytes()}


@pytest.fixture(scope="module")
def serial(space, tmp_path_factory):
    folder = tmp_path_factory.mktemp("serial")
    exploration = spikeloom.explore(space, out=folder, threads=1)
    assert exploration.points > 18 and exploration.evaluated == exploration.points
    return folder


def test_it_is_the_search_of_the_command(space, serial, tmp_path):
    command = [sys.executable, "-m", "spikeloom", "explore", str(space), "--out", str(tmp_path / "out"), "--threads", "2"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == contents(serial)


def test_tables_and_answers(space, serial):
    again = spikeloom.explore(space, out=serial)
    assert again.evaluated == 0 and again.found == again.points
    table, front = again.to_pandas(), again.front()
    assert 0 < len(front) < len(table) == 18
    assert front["energy"].min() == again.front("mnist-small")["energy"].min()
    assert "mnist-small" in again._repr_html_() and str(serial) in repr(again)


def test_a_parquet_file_carries_units(space, serial, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    exploration = spikeloom.explore(space, out=serial)
    exploration.to_parquet(tmp_path / "points.parquet")
    table, schema = parquet.read_table(tmp_path / "points.parquet"), parquet.read_schema(tmp_path / "points.parquet")
    units = {name: (schema.field(name).metadata or {}).get(b"unit") for name in ("energy", "latency", "area", "cores", "outcome")}
    assert units == {"energy": b"J", "latency": b"s", "area": "m²".encode(), "cores": b"1", "outcome": None}
    assert schema.metadata[b"space"].decode() == SPACE
    assert table["energy"].to_pylist() == exploration.to_pandas()["energy [J]"].tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["points.parquet"]


def test_shards_make_the_whole(space, tmp_path):
    seen = []
    for i in range(3):
        spikeloom.explore(space, out=tmp_path, shard=(i, 3), progress=lambda *at: seen.append(at))
    assert seen[-1] == ("explore", 6, 6)
    assert len(contents(tmp_path)) == 18 + 1


def test_processes_make_the_same_bytes(space, serial, tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        spikeloom.explore(space, out=tmp_path, client=executor)
    assert contents(tmp_path) == contents(serial)


def test_a_cluster_that_loses_a_worker_makes_the_same_bytes(space, serial, tmp_path):
    distributed = pytest.importorskip("distributed")
    workers = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1", "dashboard_address": None}
    with distributed.LocalCluster(**workers) as cluster, distributed.Client(cluster) as client:
        victims, killed = [worker.pid for worker in cluster.workers.values()], []

        def kill_one(task, done, of):
            if done >= 3 and not killed:
                killed.append(victims[0])
                os.kill(victims[0], signal.SIGKILL)

        exploration = spikeloom.explore(space, out=tmp_path, client=client, progress=kill_one)
    assert killed and exploration.evaluated == exploration.points
    assert contents(tmp_path) == contents(serial)


def test_an_interrupted_search_goes_on(space, serial, tmp_path):
    def stop(task, done, of):
        if done >= 5:
            raise KeyboardInterrupt

    for client in (None, ProcessPoolExecutor(1, mp_context=get_context("spawn"))):
        folder = tmp_path / str(client is None)
        with pytest.raises(KeyboardInterrupt):
            spikeloom.explore(space, out=folder, threads=1 if client is None else None, client=client, progress=stop)
        if client is not None:
            client.shutdown(cancel_futures=True)
        assert 5 <= len(list((folder / "points").glob("*.json"))) < 18
        spikeloom.explore(space, out=folder)
        assert contents(folder) == contents(serial)


def test_ctrl_c_ends_it(space, tmp_path):
    script = f"import spikeloom; spikeloom.explore({str(space)!r}, out={str(tmp_path)!r}, threads=1, progress=lambda *at: print(*at, flush=True))"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in child.stdout:
        if line.split()[1] == "2":
            child.send_signal(signal.SIGINT)
            break
    _, errors = child.communicate(timeout=120)
    assert child.returncode != 0 and "KeyboardInterrupt" in errors


@pytest.mark.parametrize(
    "arguments, part",
    [
        ({"space": 3}, "space: is a int"),
        ({"space": "nowhere.ron"}, "nowhere.ron"),
        ({"threads": 0}, "threads: 0"),
        ({"client": 3}, "client: is a int"),
        ({"client": ProcessPoolExecutor(1), "threads": 2}, "threads: are those of this process"),
        ({"shard": (3, 3)}, "shard: (3, 3)"),
    ],
)
def test_wrong_inputs_name_the_argument(space, tmp_path, arguments, part):
    with pytest.raises(spikeloom.InputError) as error:
        spikeloom.explore(**({"space": space, "out": tmp_path} | arguments))
    assert part in str(error.value), str(error.value)


def test_a_worker_with_another_space_is_found_out(space, tmp_path):
    class Liar:
        """An executor whose points are of other chips."""

        def submit(self, function, path, text, task):
            from concurrent.futures import Future

            future = Future()
            other = [(name, 128 if name == "core.neurons" else value) for name, value in task[3]]
            future.set_result(function(path, text, (*task[:3], other, task[4])))
            return future

    with pytest.raises(spikeloom.InputError, match="is not the point that its name says"):
        spikeloom.explore(space, out=tmp_path, client=Liar())
