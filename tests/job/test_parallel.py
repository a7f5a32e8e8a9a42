"""Ranges that workers count: the answer, the repairs, the doubts and the errors are those of one process."""

from __future__ import annotations

import json
import random
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import ClusterError, Config, SignalStream, StreamSignalError, TimeOrder
from stream_signal.core.errors import Hint
from stream_signal.core.observers.key_charts import KeyCharts
from stream_signal.core.observers.overview import Overview
from stream_signal.core.observers.rates import Rates
from stream_signal.inputs.events import Counted
from stream_signal.inputs.files import FilesSource
from stream_signal.job.drive import Drive
from stream_signal.job.parallel import ParallelSource, Workers
from stream_signal.outputs.log import Log
from stream_signal.stopping import StopSignals
from support.candle_csv import CLOSES, candle_csv, written_files
from support.servers import file_server
from support.strategies import candle_files, windows

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from stream_signal.core.observe import Observer
    from stream_signal.inputs.events import Event, Source


class Apart(ParallelSource):
    """A parallel source that counts how many ranges were counted apart."""

    counted = 0

    def events(self, *arguments: Any) -> Generator[Event]:
        """Yield the events."""
        for event in super().events(*arguments):
            self.counted += isinstance(event, Counted)
            yield event


def outcome(source: Source, stream: SignalStream) -> Any:
    """Run a job; return all that can be observed."""
    try:
        counts: object = Drive(source, stream, [], StopSignals()).run()
    except StreamSignalError as error:
        counts = str(error)
    return counts, stream.rows, stream.signals, stream.rows_with_mean, stream.repairs, stream.header


def workers(executor: Executor, range_bytes: int = 150, *, are_here: bool = True) -> Workers:
    """Let an executor count the ranges of files of a few kilobytes."""
    return Workers(lambda: executor, range_bytes, ahead=3, share_files=are_here, may_fail=are_here, head_bytes=300)


def outcomes(names: tuple[str, ...], config: Config, range_bytes: int, how: int) -> list[Any]:
    """Count files in one process and in ranges, seen by nobody or for a log, a report or rates; return all of it."""
    found = []
    with ThreadPoolExecutor(2) as executor:
        for is_parallel in (False, True):
            times = TimeOrder(rows=5 if how == 1 else None)
            pictures: list[Observer] = [Overview(keyed=config.is_keyed, windows=1 + len(config.windows), most=8)]
            pictures += [KeyCharts(charts=2, most=8)] if config.is_keyed else []
            watching: list[list[Observer]] = [[], [times], [times], pictures, [Rates("day")]]
            stream = SignalStream(config, watching[how])
            source: Source = FilesSource(names)
            if is_parallel:
                source = ParallelSource(names, FilesSource, stream, workers(executor, range_bytes), Log(None, 0))
            seen = outcome(source, stream), stream.by_key, times.snapshot(), stream.closed or stream.state()
            found.append(seen)
    return found


@given(
    st.lists(candle_files(), min_size=1, max_size=3),
    windows,
    st.sampled_from(["error", "missing"]),
    st.integers(1, 900),
    st.integers(0, 4),
)
def test_one_answer(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[bytes],
    window: int,
    bad_rows: str,
    range_bytes: int,
    how: int,
) -> None:
    """Any files, cut into ranges of any size, give what one process gives: counts, repairs, times, or the error."""
    names = written_files(tmp_path_factory.mktemp("files"), files)
    config = Config(window=window, bad_rows=bad_rows)
    alone, in_ranges = outcomes(names, config, range_bytes, how)
    assert alone == in_ranges


# Of a key, and the text of a time: most are in order and of one form.
_ROWS = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "B ", "K", ""]),
        st.one_of(
            st.integers(1500000000, 1500009999).map(str),
            st.sampled_from(["", "x", "03/04/2024", "2024-03-04", "13/04/2024", "1500000000"]),
        ),
        st.sampled_from(["4.58", "4.6", "5", "", "12345678901234567890.5"]),
    ),
    max_size=60,
)


@given(st.lists(_ROWS, min_size=1, max_size=3), st.booleans(), st.integers(50, 900), st.integers(0, 4), st.booleans())
def test_one_answer_of_keys(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[list[tuple[str, str, str]]],
    is_sorted: bool,  # noqa: FBT001
    range_bytes: int,
    how: int,
    by_name: bool,  # noqa: FBT001
) -> None:
    """Keys in a column or in the names of the files, with all their times or the first: what one process gives."""
    texts = []
    for rows in files:
        ordered = sorted(rows, key=lambda row: row[1]) if is_sorted else rows
        lines = (f"{time},{key},{close}\n" for key, time, close in [("A", "1500000000", "5"), *ordered])
        texts.append(("time,symbol,close\n" + "".join(lines)).encode())
    names = written_files(tmp_path_factory.mktemp("files"), texts)
    key: dict[str, Any] = {"key": "@file", "key_pattern": "{key}.csv"} if by_name else {"key": "symbol"}
    config = Config(window=3, bad_rows="missing", max_bad=1, windows=(2,), **key)
    alone, in_ranges = outcomes(names, config, range_bytes, how)
    assert alone == in_ranges


def test_ranges_are_counted_by_the_workers(tmp_path: Path) -> None:
    """Of a plain file, all but the head and the last line is counted apart."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES).removesuffix(b"\n"))
    stream = SignalStream(Config())
    with ThreadPoolExecutor(2) as executor:
        source = Apart((str(path),), FilesSource, stream, workers(executor, 1000), Log(None, 0))
        assert outcome(source, stream)[1] == len(CLOSES)
    assert source.counted == -(-(path.stat().st_size - 300) // 1000)


class Failing(Executor):
    """An executor whose workers die after a few ranges."""

    def __init__(self, good: int) -> None:
        self._left = good

    def submit(self, do: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        """Count a range at once, or fail."""
        future: Future[Any] = Future()
        if self._left:
            future.set_result(do(*arguments))
        else:
            future.set_exception(RuntimeError("out of memory"))
        self._left = max(0, self._left - 1)
        return future


@pytest.mark.parametrize("good", [0, 1, 7])
def test_workers_that_die(tmp_path: Path, good: int) -> None:
    """If the workers of this machine die, one process reads the rest, and the log says so; elsewhere it is an error."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES))
    log = tmp_path / "run.log"
    found = []
    for are_here in (True, False):
        stream = SignalStream(Config())
        with Log(str(log), 0) as written:
            source = ParallelSource(
                (str(path),), FilesSource, stream, workers(Failing(good), are_here=are_here), written
            )
            found.append(outcome(source, stream)[0])
    assert found[0] == outcome(FilesSource((str(path),)), SignalStream(Config()))[0]
    assert found[1] == f"cannot count a range of {str(path)!r} on the cluster: RuntimeError: out of memory"
    [event] = map(json.loads, log.read_text().splitlines())
    assert (event["event"], event["why"]) == ("workers failed", "RuntimeError: out of memory")


class Broken(Executor):
    """An executor that takes a few ranges, and then no more; or whose ranges end in a timeout of their own."""

    def __init__(self, good: int, *, times_out: bool = False) -> None:
        self._left = good
        self._times_out = times_out

    def submit(self, do: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        """Take a range, or refuse it."""
        if not self._left:
            raise RuntimeError("the pool is broken")
        self._left -= 1
        future: Future[Any] = Future()
        if self._times_out:
            future.set_exception(TimeoutError("the network"))
        else:
            future.set_result(do(*arguments))
        return future


@pytest.mark.parametrize("executor", [Broken(0), Broken(4), Broken(99, times_out=True)], ids=["0", "4", "timeout"])
def test_an_executor_that_breaks(tmp_path: Path, executor: Broken) -> None:
    """An executor that takes no more ranges, or times out, is one that has failed: no defect, no hang."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES))
    stream = SignalStream(Config())
    source = ParallelSource((str(path),), FilesSource, stream, workers(executor), Log(None, 0))
    assert outcome(source, stream) == outcome(FilesSource((str(path),)), SignalStream(Config()))


class Replacing(Executor):
    """An executor that replaces the file before the first range is counted."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path = path
        self._data = data

    def submit(self, do: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        """Count a range."""
        if self._data:
            other = self._path.with_suffix(".new")
            other.write_bytes(self._data)
            other.replace(self._path)
            self._data = b""
        future: Future[Any] = Future()
        future.set_result(do(*arguments))
        return future


def test_a_file_that_is_replaced(tmp_path: Path) -> None:
    """A file that another one replaces while it is read is an error: half of each is the answer of neither."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES))
    stream = SignalStream(Config())
    executor = Replacing(path, candle_csv(reversed(CLOSES)))
    source = ParallelSource((str(path),), FilesSource, stream, workers(executor), Log(None, 0))
    assert outcome(source, stream)[0] == f"cannot read {str(path)!r}: it was replaced while it was read"


class Acting(Executor):
    """An executor that does something before it counts the range of a number."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        self._left = at
        self._act = act

    def submit(self, do: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        """Count a range."""
        if not self._left:
            self._act()
        self._left -= 1
        future: Future[Any] = Future()
        future.set_result(do(*arguments))
        return future


@pytest.mark.parametrize("at", [0, 2, 4])
def test_a_remote_file_that_changes(at: int) -> None:
    """A remote file that changes between two ranges is an error, of whatever range."""
    pytest.importorskip("aiohttp")
    pytest.importorskip("fsspec")
    data, other = candle_csv(CLOSES), candle_csv(reversed(CLOSES))
    with file_server() as server:

        def replace() -> None:
            server.files["/data.csv"], server.etag = other, '"2"'

        server.files["/data.csv"] = data
        url = f"{server.url}/data.csv"
        stream = SignalStream(Config())
        acting = workers(Acting(at, replace), len(data) // 5)
        source = ParallelSource((url,), FilesSource, stream, acting, Log(None, 0))
        assert outcome(source, stream)[0] == f"cannot read {url!r}: it changed while it was read"
        stream = SignalStream(Config())
        source = ParallelSource((url,), FilesSource, stream, acting, Log(None, 0))
        assert outcome(source, stream)[1] == len(CLOSES)


def test_the_same_file_again(tmp_path: Path) -> None:
    """A file that is given twice is counted by the workers both times."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES))
    stream = SignalStream(Config())
    source = Apart((str(path),) * 2, FilesSource, stream, workers(Acting(-1, exit), 1000), Log(None, 0))
    assert outcome(source, stream)[1] == 2 * len(CLOSES)
    assert source.counted == 2 * -(-(path.stat().st_size - 300) // 1000)


class Elsewhere(Executor):
    """An executor whose workers see other files."""

    def __init__(self, data: bytes | None) -> None:
        self._data = data

    def submit(self, do: Any, /, *arguments: Any, **_: Any) -> Future[Any]:
        """Count a range of the other file."""
        apart, planned = arguments
        path = planned.name + ".other"
        if self._data:
            with open(path, "wb") as file:
                file.write(self._data)
        found = do(apart, planned._replace(name=path))
        future: Future[Any] = Future()
        future.set_result(found._replace(lines=found.lines._replace(name=planned.name)))
        return future


def test_workers_that_read_other_files(tmp_path: Path) -> None:
    """A worker on another machine that has no such file, or another one, is an error that says what to do."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES))
    for data, message in (
        (None, "a worker cannot read"),
        (candle_csv(["1.0", *CLOSES]), "a worker reads another file than this machine as"),
    ):
        stream = SignalStream(Config())
        source = ParallelSource(
            (str(path),), FilesSource, stream, workers(Elsewhere(data), are_here=False), Log(None, 0)
        )
        with pytest.raises(ClusterError, match=message) as refused:
            Drive(source, stream, [], StopSignals()).run()
        assert refused.value.hint == Hint("name it by a path or a URL that all workers and this machine can read")


def test_a_file_that_changes(tmp_path: Path) -> None:
    """Ranges that a worker of this machine reads from a file as it was before are read again."""
    path = tmp_path / "data.csv"
    path.write_bytes(candle_csv(CLOSES))
    stream = SignalStream(Config())
    rng = random.Random(1)
    other = candle_csv([rng.choice(CLOSES) for _ in CLOSES])
    source = ParallelSource((str(path),), FilesSource, stream, workers(Elsewhere(other)), Log(None, 0))
    assert outcome(source, stream) == outcome(FilesSource((str(path),)), SignalStream(Config()))
