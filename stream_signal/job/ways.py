"""The ways in which an input can be counted, for `stream-signal verify`: each from its first byte, by other code.

    row engine          plain Python, one line at a time: what all others are compared with
    block engine        NumPy, many lines at once
    random cuts         the same bytes, cut at random places, for each of the engines
    pipe                another process, which is sent the bytes as they are stored
    stop and resume     the state, written as JSON and read again, at random places, by either engine
    jobs                ranges of the files in worker processes
    fractions           the first rows, one by one, by the oracle

A way returns what it counts, or raises the error of the input. LeftOut says that there is no such way for an input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from contextlib import ExitStack, closing, suppress
from itertools import zip_longest
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.config import BY_NAME, Config
from stream_signal.core.errors import StreamSignalError
from stream_signal.core.limits import MAX_LINE_BYTES
from stream_signal.core.observe import Observer
from stream_signal.core.state import State
from stream_signal.core.stream import SignalStream
from stream_signal.core.tuning import Tuning
from stream_signal.inputs.events import Counted
from stream_signal.inputs.files import FilesSource
from stream_signal.inputs.kept import stored_bytes, tail_of
from stream_signal.inputs.magic import COLUMNAR, MAGIC_BYTES, ZIP, find_format
from stream_signal.inputs.opening import expanded, open_input
from stream_signal.inputs.plain import CHUNK_BYTES, size_of
from stream_signal.job.assemble import alone
from stream_signal.job.log import Log
from stream_signal.job.oracle import Puzzled, judge
from stream_signal.job.order import Order
from stream_signal.job.parallel import HEAD_BYTES, ParallelSource
from stream_signal.job.processes import RANGES_EACH, processes, range_bytes_for
from stream_signal.job.run import read
from stream_signal.job.settings import as_yaml
from stream_signal.job.sources import source_of
from stream_signal.outputs.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from random import Random
    from typing import Any

    from stream_signal.core.batch import Batch
    from stream_signal.core.rows import Row
    from stream_signal.core.stretch import Stretch
    from stream_signal.core.tuning import Engine
    from stream_signal.inputs.events import Event, Source
    from stream_signal.job.stopping import StopSignals

# A state is at the first row that is not counted: what follows is an unfinished record, or lines before the header.
_KEPT_BYTES = 8 * MAX_LINE_BYTES
# Pieces and the bytes between two stops are short at first and longer later, so that small inputs have many of them
# and large ones not too many.
_FIRST_PIECE_BYTES, _FIRST_STOP_BYTES = 4 * 1024, 16 * 1024
# The worker processes have something to do in small files, too.
_LEAST_HEAD_BYTES, _LEAST_RANGE_BYTES = 4 * 1024, 16 * 1024
_ENDING_SECONDS = 10.0


class LeftOut(Exception):  # noqa: N818 - nobody made an error
    """There is no such way for this input; the text says why."""


class Subject(NamedTuple):
    """What is counted in each way."""

    names: tuple[str, ...]
    """of the inputs, which can be read again and again"""
    config: Config

    def source(self, *, batches: bool = False) -> Source:
        """Return the source of a job with one process; with `batches`, of columnar files as arrays."""
        return source_of(self.names, self.config, batches=batches)


class Answer(NamedTuple):
    """What a way counts."""

    rows: int
    signals: int
    by_window: Mapping[str, Any] | None = None
    """the counts of each further window, as in the metrics; None without one"""
    by_key: Mapping[str, Any] | None = None
    """the counts of each key, as in the metrics; None without keys"""
    repairs: Mapping[str, int] | None = None
    """how many of each kind; None if the way does not tell"""
    detail: str = ""
    """of how it was done, for people"""


def by_engine(subject: Subject, engine: Engine) -> Answer:
    """Count with one engine."""
    stream = SignalStream(subject.config, tuning=Tuning(engine))
    read(stream, subject.source(batches=True))
    return _answer(stream)


def by_cuts(subject: Subject, engine: Engine, random: Random) -> Answer:
    """Count with one engine, fed in pieces of random sizes."""
    stream = SignalStream(subject.config, tuning=Tuning(engine))
    source = CutSource(subject.source(), random)
    read(stream, source)
    return _answer(stream, f"{source.pieces} pieces")


def by_stops(subject: Subject, random: Random) -> Answer:
    """Count by streams that stop at random places, each resumed from the state of the one before it."""
    if subject.config.newest_first:
        raise LeftOut("a file that is read from its end has no checkpoint")
    stopped = _StoppedStream(subject.config, random)
    read(stopped, CutSource(subject.source(), random))
    return _answer(stopped.stream, f"{stopped.stops} stops")


def by_jobs(subject: Subject, jobs: int, stop: StopSignals) -> Answer:
    """Count the ranges of the files in so many worker processes."""
    config = subject.config
    if why := alone(Order(subject.names, jobs=jobs), config, Log(None, 0)):
        raise LeftOut(why)
    names, stream = expanded(subject.names), SignalStream(config)
    sizes = [size_of(name) for name in names]
    with ExitStack() as held:
        small = max(sizes, default=0) // (RANGES_EACH * jobs)
        most = range_bytes_for(jobs, sum(sizes), keyed=config.is_keyed)
        workers = processes(jobs, min(max(small, _LEAST_RANGE_BYTES), most), held, stop)
        workers = workers._replace(head_bytes=min(max(small, _LEAST_HEAD_BYTES), HEAD_BYTES))
        source = _CountingSource(
            ParallelSource(names, lambda some: FilesSource(some, config), stream, workers, Log(None, 0))
        )
        read(stream, source)
    answer = _answer(stream, f"{jobs} processes, {source.ranges} ranges")
    if not source.ranges:
        raise LeftOut("no part of the input can be counted by a worker process")
    return answer


def by_pipe(subject: Subject) -> Answer:
    """Have another process count what it reads from pipes, one for each input."""
    config, names = subject.config, subject.names
    if config.newest_first:
        raise LeftOut("a pipe has no end to be read from")
    formats = {_format_of(name) for name in names}
    if not formats.isdisjoint(COLUMNAR):
        raise LeftOut("a Parquet or Arrow file is read from its end, which a pipe does not have")
    is_plain = len(names) == 1 and config.key != BY_NAME and ZIP not in formats
    if not is_plain and not os.path.isdir("/dev/fd"):
        raise LeftOut("this system has no names for several pipes")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ends:
        pipes = [os.pipe() for _ in names]
        readers = [ends.enter_context(open(reader, "rb", buffering=0)) for reader, _ in pipes]
        writers = [ends.enter_context(open(writer, "wb", buffering=0)) for _, writer in pipes]
        paths = {"-": names[0]} if is_plain else _link(names, [reader.fileno() for reader in readers], folder)
        settings, manifest = os.path.join(folder, "config.yaml"), os.path.join(folder, "run.json")
        with open(settings, "w", encoding="utf-8") as file:
            lines = as_yaml(None, config._asdict(), dict.fromkeys(config._fields, "")).splitlines(keepends=True)
            file.writelines(line for line in lines if not line.startswith("max_bad:"))  # YAML knows no 1e-05
        command = [sys.executable, "-m", "stream_signal", "--config", settings, "--max-bad", repr(config.max_bad)]
        process = subprocess.Popen(  # noqa: S603 - this very program
            [*command, "--manifest", manifest, "--quiet", "--", *paths],
            stdin=readers[0] if is_plain else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=() if is_plain else [reader.fileno() for reader in readers],
        )
        try:
            for reader in readers:
                reader.close()  # once the process ends, nobody reads, and the sender is told so
            sender = _Sender(names, writers)
            sender.start()
            written, _ = process.communicate()
            sender.join(_ENDING_SECONDS)
        finally:
            process.kill()
            process.wait()
        if sender.error:
            raise sender.error
        return _counted(written, manifest, paths, process.returncode)


def by_fractions(subject: Subject, sample: int) -> Answer:
    """Have the oracle judge the first `sample` rows, one by one, and compare each with the block engine."""
    shown = _Shown(sample)
    stream = SignalStream(subject.config, [shown], tuning=Tuning("blocks"))
    read(stream, _UntilSource(subject.source(), shown.is_full))
    if not shown.is_full():
        stream.finish()
    rows = signals = 0
    windows = (subject.config.window, *subject.config.windows)
    with closing(judge(subject.config, subject.source())) as judged:
        try:
            for signals_of_row, row in zip_longest(shown.above, judged):
                if rows == sample:
                    break
                rows += 1
                if signals_of_row is None or row is None:
                    by, not_by = ("oracle", "engine") if signals_of_row is None else ("engine", "oracle")
                    raise Differs(f"row {rows} is there for the {by}, and not for the {not_by}")
                for window, above, one in zip(windows, signals_of_row, (row, *row.more), strict=True):
                    if above != one.above:
                        fractions = f"the close is {one.close} and the mean {one.mean}"
                        decided = "signals" if above else "does not signal"
                        raise Differs(f"row {rows} {decided} for window {window}, and {fractions}")
                signals += row.above
        except Puzzled as why:
            raise LeftOut(f"the oracle does not know: {why}") from None
    return Answer(rows, signals, detail=f"the first {rows} rows")


class Differs(Exception):  # noqa: N818 - it is the finding
    """A way decides otherwise than the engine that it was compared with; the text says where."""


def _answer(stream: SignalStream, detail: str = "") -> Answer:
    counts = stream.finish()
    metrics = Metrics.of(Config(), stream, counts, 0.0)
    repairs = dict(stream.repairs.counts)
    return Answer(counts.rows, counts.signals, metrics.by_window, metrics.by_key, repairs, detail)


class _Wrapped:
    """A source that is read through another one."""

    endless = False

    def __init__(self, source: Source) -> None:
        self.names = source.names
        self._source = source

    def events(self, first: int, offset: int, patience: Callable[[], float] | None) -> Generator[Event]:
        """Yield the events of the source, each as `each` gives it."""
        with closing(self._source.events(first, offset, patience)) as events:
            for event in events:
                yield from self.each(event)

    def each(self, event: Event) -> Iterator[Event]:
        """Yield what stands for an event."""
        yield event


class CutSource(_Wrapped):
    """Cuts the bytes of a source at random places."""

    def __init__(self, source: Source, random: Random) -> None:
        super().__init__(source)
        self._random = random
        self._size = 0
        self.pieces = 0

    def each(self, event: Event) -> Iterator[Event]:
        """Yield the pieces of a chunk, and other events as they are."""
        if not isinstance(event, bytes):
            yield event
            return
        while event:
            most = min(max(_FIRST_PIECE_BYTES, self._size // 16), CHUNK_BYTES)
            size = int(most ** self._random.random())  # as many short ones as long ones, by their number of digits
            yield event[:size]
            event = event[size:]
            self._size += size
            self.pieces += 1


class _CountingSource(_Wrapped):
    """Counts the ranges that were counted apart."""

    ranges = 0

    def each(self, event: Event) -> Iterator[Event]:
        self.ranges += isinstance(event, Counted)
        yield event


class _UntilSource(_Wrapped):
    """Ends a source early, in the middle of an input."""

    def __init__(self, source: Source, is_enough: Callable[[], bool]) -> None:
        super().__init__(source)
        self._is_enough = is_enough

    def events(self, first: int, offset: int, patience: Callable[[], float] | None) -> Generator[Event]:
        """Yield the events of the source until it is enough."""
        with closing(super().events(first, offset, patience)) as events:
            for event in events:
                yield event
                if self._is_enough():
                    return


class _StoppedStream:
    """A stream that stops at random places; `stream` is the one that was resumed last."""

    def __init__(self, config: Config, random: Random) -> None:
        self.stops = 0
        self.stream = SignalStream(config)
        self._config = config
        self._random = random
        self._about: tuple[Any, ...] = ()
        self._last: deque[bytes] = deque()  # of the current input
        self._kept = 0  # bytes in it
        self._read = 0  # of the current input
        self._size = 0  # of all
        self._next = self._draw()

    def begin_input(self, *about: Any) -> None:
        """Begin an input."""
        self._about = about
        self._last.clear()
        self._kept = self._read = 0
        self.stream.begin_input(*about)

    def feed(self, data: bytes) -> None:
        """Take the next bytes, and stop after them if it is time."""
        self.stream.feed(data)
        self._read += len(data)
        self._size += len(data)
        self._last.append(data)
        self._kept += len(data)
        while self._kept - len(self._last[0]) >= _KEPT_BYTES:
            self._kept -= len(self._last.popleft())
        if self._size >= self._next:
            self._stop()
            self._next = self._size + self._draw()

    def feed_batch(self, batch: Batch) -> None:
        """Take rows that are no text: there are none."""
        raise NotImplementedError

    def add(self, stretch: Stretch, tail: bytes) -> None:
        """Take what was counted elsewhere: nothing is."""
        raise NotImplementedError

    def end_input(self) -> None:
        """End an input."""
        self.stream.end_input()

    def _draw(self) -> int:
        return 1 + int(self._random.expovariate(1 / max(_FIRST_STOP_BYTES, self._size // 8)))

    def _stop(self) -> None:
        saved = json.dumps(self.stream.state().as_json())
        state = State.from_json(json.loads(saved), self._config.window, self._config.windows)
        engine: Engine = self._random.choice(("auto", "rows", "blocks"))
        self.stream = SignalStream.from_state(self._config, state, tuning=Tuning(engine))
        self.stream.begin_input(*self._about)
        rest = b"".join(self._last)
        again = self._read - state.offset
        if again > len(rest):
            raise AssertionError(f"a state {again} bytes before the end of what was read")
        self.stream.feed(rest[len(rest) - again :])
        self.stops += 1


class _Shown(Observer):
    """The signals of the first rows."""

    def __init__(self, most: int) -> None:
        self.above: list[list[bool]] = []  # of each window
        self._most = most

    def row(self, row: Row) -> None:
        """See one row."""
        if len(self.above) < self._most:
            self.above.append([row.above, *(more.above for more in row.more)])

    def is_full(self) -> bool:
        """Whether it has all of them."""
        return len(self.above) >= self._most


class _Sender(Thread):
    """Writes each input to its pipe, one after another; `error` says why it could not read one."""

    def __init__(self, names: tuple[str, ...], pipes: list[Any]) -> None:
        super().__init__(name="sending", daemon=True)
        self.error: StreamSignalError | None = None
        self._names = names
        self._pipes = pipes

    def run(self) -> None:
        """Write them all; a reader that has ended needs no more."""
        try:
            for name, pipe in zip(self._names, self._pipes, strict=True):
                with suppress(BrokenPipeError), pipe:
                    for data in stored_bytes(name):
                        rest = memoryview(data)
                        while rest:
                            rest = rest[pipe.write(rest) :]
        except StreamSignalError as error:
            self.error = error
        finally:
            for pipe in self._pipes:
                pipe.close()


def _link(names: tuple[str, ...], descriptors: list[int], folder: str) -> dict[str, str]:
    """Give each pipe a name that ends as that of its input; return the inputs by these names."""
    paths = {}
    for number, (name, descriptor) in enumerate(zip(names, descriptors, strict=True)):
        path = os.path.join(folder, str(number), tail_of(name))
        os.makedirs(os.path.dirname(path))
        os.symlink(f"/dev/fd/{descriptor}", path)
        paths[path] = name
    return paths


def _counted(written: bytes, manifest: str, paths: Mapping[str, str], code: int) -> Answer:
    """Return what the other process has counted; raise its error, with the names of the inputs in it."""
    try:
        with open(manifest, "rb") as file:
            found = json.load(file)
    except FileNotFoundError:
        try:
            message = str(json.loads(written)["error_message"])
        except (ValueError, KeyError, TypeError):
            message = f"the process ended with exit code {code}"
        for path, name in paths.items():
            message = message.replace("stdin", repr(name)) if path == "-" else message.replace(path, name)
        raise StreamSignalError(message) from None
    return Answer(found["rows"], found["signals"], found.get("by_window"), found.get("by_key"))


def _format_of(name: str) -> str | None:
    with open_input(name) as source:
        return find_format(source.read(MAGIC_BYTES))
