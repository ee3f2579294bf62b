"""Spaces of chips: searched here on threads, or by workers elsewhere."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _arguments, _html
from ._arguments import Progress
from ._spikeloom import InputError, Search, _answers

if TYPE_CHECKING:
    import pandas

Task = tuple[str, int, int, list[tuple[str, Any]], bool]


class Exploration:
    """A searched space in its folder. Made by ``spikeloom.explore``."""

    def __init__(self, folder: Path, points: int | None = None, found: int | None = None, evaluated: int | None = None) -> None:
        self.folder = folder
        """Where it is: the space, one file per point, and the table ``points.csv``."""
        self.points = points
        """Points that the last search asked for."""
        self.found = found
        """Those of them that were stored already."""
        self.evaluated = evaluated
        """Those of them that it evaluated."""

    @property
    def answers(self) -> dict[str, Any]:
        """Fronts, effects of parameters, limits and the place of the baseline, as ``spikeloom explore show --json`` prints them."""
        return json.loads(_answers(os.fspath(self.folder)))  # type: ignore[no-any-return]

    def to_pandas(self) -> pandas.DataFrame:
        """A table: one row per point. Units stand in the names of the columns."""
        import pandas

        return pandas.read_csv(self.folder / "points.csv")

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Writes the table of ``to_pandas`` as a Parquet file: names without units, the unit of each column in the metadata of its
        field (``unit``; "1" for numbers), the space in that of the schema (``space``). Needs pyarrow.

        Raises:
            InputError: pyarrow is not installed.
        """
        try:
            arrow, csv, parquet = (importlib.import_module(name) for name in ("pyarrow", "pyarrow.csv", "pyarrow.parquet"))
        except ImportError as error:
            raise InputError("path: a Parquet file needs pyarrow; install spikeloom[parquet]") from error
        table = csv.read_csv(self.folder / "points.csv")
        fields = []
        for field in table.schema:
            name, _, unit = field.name.partition(" [")
            fields.append(field.with_name(name).with_metadata({"unit": unit.rstrip("]")} if unit else None))
        space = (self.folder / "space.ron").read_text(encoding="utf-8")
        table = arrow.Table.from_arrays(table.columns, schema=arrow.schema(fields, metadata={"space": space}))
        target = _arguments.path(path, "path")
        temporary = target.with_name(target.name + ".tmp")
        try:
            parquet.write_table(table, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def front(self, network: int | str = 0) -> pandas.DataFrame:
        """The points of a network that no other is better than in everything: a table of settings and figures (SI units)."""
        import pandas

        networks = self.answers["networks"]
        if isinstance(network, str):
            known = [answers["network"] for answers in networks]
            if network not in known:
                raise InputError(f"network: there is no `{network}`; there are {', '.join(known)}")
            network = known.index(network)
        network = _arguments.whole(network, "network", 0)
        if not 0 <= network < len(networks):
            raise InputError(f"network: {network} is beyond the {len(networks)} networks")
        return pandas.DataFrame([point["settings"] | point["figures"] for point in networks[network]["front"]])

    def __repr__(self) -> str:
        return f"<Exploration in {self.folder}: {self.points} points, {self.evaluated} evaluated now>"

    def _repr_html_(self) -> str:
        rows: list[tuple[str, object]] = [("folder", self.folder)]
        for answers in self.answers["networks"]:
            costed = f"{answers['costed']} points costed, {answers['failed']} failed, {len(answers['front'])} on the front"
            rows.append((answers["network"], costed))
        return _html.table(rows)


def explore(
    space: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    client: Any = None,
    threads: int | None = None,
    shard: tuple[int, int] | None = None,
    progress: Progress = False,
) -> Exploration:
    """Evaluates the points of a space and stores them, as ``spikeloom explore`` does.

    Args:
        space: the space's file (.ron, docs/exploration.md).
        out: the folder of the points; those that it holds are not evaluated again. Default: the space's name.
        client: who evaluates, if not threads of this process: a ``dask.distributed.Client``, or any executor of
            ``concurrent.futures``. Every point is a task of its own. What a worker stores of a point goes back to this process,
            which writes it; the bytes are those of a search on threads. Workers need spikeloom in the same version, and the files that
            the space names at the same paths. A task whose worker is lost is done by another.
        threads: threads of this process; default: all processors.
        shard: (i, n): every n-th point only, from the i-th on, for arrays of jobs on one folder.
        progress: True to show it on standard error, or a function of (task, done, of).

    Raises:
        InputError: the space, a file that it names, or a stored point cannot be used; the message says where.
    """
    if not isinstance(space, (str, os.PathLike)):
        raise InputError(f"space: is a {type(space).__name__}; give the path of a space (.ron)")
    threads = None if threads is None else _arguments.whole(threads, "threads", 1, 256)
    if client is not None and threads is not None:
        raise InputError("threads: are those of this process, and `client` has workers of its own; give one of both")
    if client is not None and not callable(getattr(client, "submit", None)):
        raise InputError(f"client: is a {type(client).__name__}; give a dask.distributed.Client or an executor")
    if shard is not None:
        whole = isinstance(shard, (tuple, list)) and len(shard) == 2 and all(type(part) is int for part in shard)
        if not whole or not 0 <= shard[0] < shard[1]:
            raise InputError(f"shard: {shard!r} is no pair (i, n) with 0 <= i < n")
        shard = (shard[0], shard[1])
    follower = _arguments.follower(progress)
    chosen = None if out is None else _arguments.path(out, "out")
    path = Path(space).absolute()
    search = Search._open(os.fspath(path))
    folder = Path(search.folder) if chosen is None else chosen
    crew = None if client is None else _crew(client, os.fspath(path), search.text)
    counts = search._run(os.fspath(folder), threads or os.cpu_count() or 1, shard, crew, follower)
    return Exploration(folder, *counts)


_searches: dict[tuple[str, str], Search] = {}


def _evaluated(path: str, text: str, task: Task) -> tuple[str, str]:
    """What a worker does: the point's address, and the bytes that are stored of it. A space is opened once per process."""
    search = _searches.get((path, text))
    if search is None:
        _searches.clear()
        search = _searches.setdefault((path, text), Search._open(path, text))
    return task[0], search._evaluate(task)


def _crew(client: Any, path: str, text: str) -> Callable[[list[Task]], Iterator[tuple[str, str]]]:
    """A crew that submits every task and yields what is done as it is done."""
    dask = type(client).__module__.split(".")[0] in ("distributed", "dask")
    engine = importlib.import_module("distributed" if dask else "concurrent.futures")

    def submitted(task: Task) -> Any:
        # Dask knows a task by its key: the point's address makes the same point the same task. The space's text is in the arguments.
        return client.submit(_evaluated, path, text, task, **({"key": f"spikeloom-{task[0]}"} if dask else {}))

    def work(tasks: list[Task]) -> Iterator[tuple[str, str]]:
        futures = [submitted(task) for task in tasks]
        try:
            for future in engine.as_completed(futures):
                yield future.result()
                if dask:
                    future.release()
        finally:
            for future in futures:
                future.cancel()

    return work
