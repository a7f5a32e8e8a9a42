"""Parallel: ranges of files, counted by the workers of an executor, and added to the stream in their order.

    a file     |- head -|-- range --|-- range --|-- range --|- rest -|
    read by      here     a worker    a worker    a worker     here

The head says how the rows are read; the rest is the last line, if it has no newline. A range that cannot be counted
apart (`core.state` says when) is read here too, so that answer and errors are always those of one process.

All that is known of the workers is the interface of `concurrent.futures.Executor`: processes of this machine, a
cluster, or what a caller brings along. A range is planned by its size alone, and a few are handed out ahead.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import closing, nullcontext
from threading import local
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import ClusterError, InputError, StreamSignalError
from stream_signal.core.state import NotApart
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import is_url, shown_path, without_secrets, without_urls
from stream_signal.inputs.events import EDGE_BYTES, IDLE, Begin, Counted, End
from stream_signal.inputs.plain import chunk_bytes_for, unreadable
from stream_signal.inputs.probe import probe
from stream_signal.inputs.ranges import Range, check_identity, lines_of, plan, read_range, whole_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from concurrent.futures import Executor, Future
    from contextlib import AbstractContextManager

    from stream_signal.core.state import Apart, Stretch
    from stream_signal.inputs.events import Event, Source
    from stream_signal.outputs.log import Log

# The head of a file has the first 10,000 rows, whose timestamps are all compared, in most files.
HEAD_BYTES = 1024 * 1024
_LONGEST_WAIT_SECONDS = 3600.0
# What a worker keeps from range to range; an executor may have several workers in one process, as threads.
_kept = local()


class Workers(NamedTuple):
    """Who counts the ranges."""

    start: Callable[[], Executor]
    """called once there is a range to count"""
    range_bytes: int
    ahead: int
    """how many ranges are handed out before they are needed"""
    hold_signals: Callable[[], AbstractContextManager[None]] = nullcontext
    """holds stop signals back: one in the middle of `submit` would leave an executor that never ends"""
    share_files: bool = True
    """whether they read the files of this machine, so that a name means the same file to them"""
    may_fail: bool = True
    """whether the job goes on without them if they fail; otherwise that is an error"""
    head_bytes: int | None = None
    """what is read before the first range; None: HEAD_BYTES"""


class CountedRange(NamedTuple):
    """What a worker returns."""

    lines: Range
    """the range of the lines"""
    stretch: Stretch | None
    tail: bytes = b""
    """the last bytes of them"""
    why: str = ""
    """why there is no stretch"""
    unreadable: bool = False
    """whether it is because of the file"""


def count_range(apart: Apart, planned: Range) -> CountedRange:
    """Count the lines of a range, in a worker."""
    lines = planned
    try:
        lines = lines_of(planned)
        scratch = vars(_kept).setdefault("scratch", {})
        chunks = read_range(lines, chunk_bytes_for(apart.config))
        stretch = SignalStream.count_apart(apart, chunks, lines.begin, scratch, lines.name)
        return CountedRange(lines, stretch, _tail_of(lines))
    except NotApart as why:
        return CountedRange(lines, None, why=str(why))
    except InputError as error:
        return CountedRange(lines, None, why=str(error), unreadable=True)


class ParallelSource:
    """The inputs `names`, with the ranges of large files counted by `workers` for `stream`.

    `source_of` makes the source that reads an input here. ClusterError if workers elsewhere fail, or read other files.
    """

    endless = False

    def __init__(
        self,
        names: tuple[str, ...],
        source_of: Callable[[tuple[str, ...]], Source],
        stream: SignalStream,
        workers: Workers,
        log: Log,
    ) -> None:
        self.names = names
        self._source_of = source_of
        self._stream = stream
        self._workers = workers
        self._head_bytes = workers.head_bytes or HEAD_BYTES
        self._log = log
        self._executor: Executor | None = None
        self._has_failed = False
        self._apart: Apart | None = None
        self._planned: Iterator[tuple[int, Range]] = iter(())
        self._wholes: dict[int, Range | None] = {}  # each input, by its number, as it was when it was planned
        self._files: dict[int, object] = {}  # what had its name then
        self._counting: deque[tuple[int, Range, Future[CountedRange]]] = deque()

    def events(self, first: int, offset: int, patience: Callable[[], float] | None) -> Generator[Event]:
        """Yield the events of each input in turn; see `inputs.events.Source`."""
        try:
            yield from self._events(self.names[first:], offset, patience)
        finally:
            self._drop_ranges()

    def _events(self, names: tuple[str, ...], offset: int, patience: Callable[[], float] | None) -> Generator[Event]:
        self._planned = self._plan_all(names, offset)
        for number, name in enumerate(names):
            whole = self._whole_of(number, name, offset)
            if whole:
                yield Begin(name, whole.end - offset)
                position = yield from self._read_ranges(number, whole._replace(begin=offset), patience)
                yield from self._read_rest(name, position, patience)
                # By each range, it was opened anew.
                if probe(name).identity != self._files[number]:
                    raise unreadable(name, "it was replaced while it was read")
                check_identity(whole)
                yield End()
            else:
                yield from self._source_of((name,)).events(0, offset, patience)
            offset = 0

    def _whole_of(self, number: int, name: str, offset: int) -> Range | None:
        """Return an input as a range, as it was when it was planned; None if it is read here, as it is small."""
        if number not in self._wholes:
            self._files[number] = probe(name).identity
            self._wholes[number] = whole_of(name, offset + self._head_bytes + 1)
        return self._wholes[number]

    def _read_ranges(
        self, number: int, whole: Range, patience: Callable[[], float] | None
    ) -> Generator[Event, None, int]:
        """Read the head of a file, and have its ranges counted; return where the rest begins."""
        apart, position = None, whole.begin
        while not apart and position < whole.end:
            head = lines_of(whole._replace(begin=position, end=min(position + self._head_bytes, whole.end)))
            if head.end <= position:
                return position  # a line without an end, or the last one
            yield from read_range(head._replace(begin=position))
            position, apart = head.end, self._stream.apart()
        self._apart = apart or self._apart
        while apart and (next_range := self._next_of(number)):
            counted = yield from self._wait(*next_range, patience)
            if counted and counted.lines.end > position:
                yield from self._take(counted, position)
                position = counted.lines.end
        return position

    def _next_of(self, number: int) -> tuple[Range, Future[CountedRange]] | None:
        """Hand out more ranges; return the next one of the input of this number, None after its last."""
        counting = self._counting
        while self._apart and not self._has_failed and len(counting) < self._workers.ahead:
            of_input, planned = next(self._planned, (0, None))
            if not planned:
                break
            # Workers elsewhere have another working directory.
            is_path = not self._workers.share_files and not is_url(planned.name)
            sent = planned._replace(name=os.path.abspath(planned.name)) if is_path else planned
            # As far as the stream has come by now: what its observers know makes less work for their parts.
            self._apart = self._stream.apart() or self._apart
            try:
                with self._workers.hold_signals():
                    self._executor = self._executor or self._workers.start()
                    counting.append((of_input, planned, self._executor.submit(count_range, self._apart, sent)))
            except StreamSignalError:
                raise
            except Exception as error:  # noqa: BLE001 - any engine has its own
                self._fail(planned, error)
        return counting.popleft()[1:] if counting and counting[0][0] == number else None

    def _wait(
        self, planned: Range, future: Future[CountedRange], patience: Callable[[], float] | None
    ) -> Generator[Event, None, CountedRange | None]:
        """Return what a worker has counted; None if the workers have failed, and it goes on without them."""
        while True:
            seconds = min(patience(), _LONGEST_WAIT_SECONDS) if patience else None
            try:
                counted = future.result(seconds)
            except StreamSignalError:
                raise
            except Exception as error:  # noqa: BLE001 - any engine has its own
                if isinstance(error, TimeoutError) and not future.done():
                    yield IDLE
                    continue
                self._fail(planned, error)
                return None
            if not self._workers.share_files:
                _check_same_file(counted)
            return counted._replace(lines=counted.lines._replace(name=planned.name))

    def _fail(self, planned: Range, error: Exception) -> None:
        """Go on without workers that have failed; ClusterError if they may not."""
        why = without_urls(f"{type(error).__name__}: {error}")
        if not self._workers.may_fail:
            raise ClusterError(f"cannot count a range of {shown_path(planned.name)} on the cluster: {why}") from error
        self._log.warning("workers failed", why=why)
        self._has_failed = True
        self._drop_ranges()

    def _drop_ranges(self) -> None:
        for *_, future in self._counting:
            future.cancel()
        self._counting.clear()

    def _plan_all(self, names: tuple[str, ...], offset: int) -> Iterator[tuple[int, Range]]:
        """Plan the ranges of each input behind its head, with its number; of the first one from `offset` on."""
        for number, name in enumerate(names):
            whole = self._whole_of(number, name, offset)
            if whole:
                for part in plan(whole._replace(begin=offset + self._head_bytes), self._workers.range_bytes):
                    yield number, part
            offset = 0

    def _take(self, counted: CountedRange, position: int) -> Iterator[Event]:
        """Yield what was counted in a range, or its bytes from `position` on."""
        lines, stretch, apart = counted.lines, counted.stretch, self._stream.apart()
        if (
            stretch
            and apart
            and self._stream.fits(stretch)
            and (lines.begin, lines.end) == (position, position + stretch.size)
            and counted.tail == _tail_of(lines)
        ):
            yield Counted(stretch, counted.tail)
            return
        self._log.info("range read here", input=without_secrets(lines.name), offset=position, why=counted.why)
        yield from read_range(lines._replace(begin=position))

    def _read_rest(self, name: str, position: int, patience: Callable[[], float] | None) -> Iterator[Event]:
        with closing(self._source_of((name,)).events(0, position, patience)) as events:
            for event in events:
                if isinstance(event, bytes):
                    yield event


def _check_same_file(counted: CountedRange) -> None:
    """Raise ClusterError if a worker elsewhere could not read the file, or has read another one."""
    name, hint = counted.lines.name, "name it by a path or a URL that all workers and this machine can read"
    if counted.unreadable:
        raise ClusterError(f"a worker {counted.why}").with_hint(hint)
    if counted.stretch and counted.tail != _tail_of(counted.lines):
        raise ClusterError(f"a worker reads another file than this machine as {shown_path(name)}").with_hint(hint)


def _tail_of(lines: Range) -> bytes:
    """Return the last bytes of a range."""
    return b"".join(read_range(lines._replace(begin=max(lines.begin, lines.end - EDGE_BYTES))))
