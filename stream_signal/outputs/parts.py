"""The parts of a job: outputs, which are written as a whole, and sinks, which are called as rows are counted.

An output is what there is to write at the end, and for some of them as the job goes on: the metrics, the table of the
keys, a page. A sink grows with the rows: the signals, the log, the checkpoint. The module of each part has a function
`wanted(job)`, which yields it. The job has all outputs in one list and all sinks in another (`job.assemble`), and knows
none of them by name.
"""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING, Any

from stream_signal.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import ExitStack
    from typing import TypeVar

    from stream_signal.core.config import Config
    from stream_signal.core.errors import StreamSignalError
    from stream_signal.core.observe import Observer
    from stream_signal.core.pauses import Span
    from stream_signal.core.stream import SignalStream
    from stream_signal.order import Order
    from stream_signal.outputs.log import Log
    from stream_signal.outputs.metrics import Metrics
    from stream_signal.stopping import StopSignals

    # What asks for a part in the order, None if every job has it; and its module, imported once it is asked for.
    Part = tuple[str | None, str]

    T = TypeVar("T")


class Job:
    """What the parts of a job are made from; `stream` is there once it has begun."""

    stream: SignalStream
    position: tuple[int, int]
    """the number of the input that is read first, and the bytes of it that were read by earlier jobs"""

    def __init__(
        self, order: Order, config: Config, log: Log, stop: StopSignals, resources: ExitStack, started: float
    ) -> None:
        self.order = order
        self.config = config
        self.log = log
        self.stop = stop
        self.resources = resources
        """until whose end its files stay open, and locked"""
        self.started = started
        """on the clock of `time.perf_counter`"""
        self.left_out: list[str] = []
        """members of archives that are no tables, as inputs; they are not read"""
        self._parts: list[Any] = []

    def make(self, parts: Iterable[Part]) -> list[Any]:
        """Make the parts that are wanted, in their order: each may look for those before it."""
        before = len(self._parts)
        for asked, module in parts:
            if asked is None or getattr(self.order, asked):
                for part in __import__(module, fromlist=["wanted"]).wanted(self):
                    self._parts.append(part)
        return self._parts[before:]

    def parts(self, kind: type[T]) -> list[T]:
        """Return the parts of a kind that are there."""
        return [part for part in self._parts if isinstance(part, kind)]

    def read(self, inputs: tuple[str, ...]) -> None:
        """Have it read these, with the members of an archive in its place."""
        self.order = self.order._replace(inputs=inputs)

    def begin(self, stream: SignalStream, first: int = 0, offset: int = 0) -> None:
        """Begin with a new stream, or where a checkpoint ends: at `offset` of input number `first`."""
        self.stream = stream
        self.position = first, offset


class Result(NamedTuple):
    """What a job has counted, so far or in all."""

    metrics: Metrics
    stream: SignalStream
    doubts: Callable[[], list[str]]
    """returns a line for each"""
    notes: Callable[[], list[str]]
    """returns a line for each"""
    span: Callable[[], Span | None]
    """returns what is known of the times, None without any"""
    inputs: Sequence[tuple[str, int]]
    """the name of each input, and how many bytes of CSV or of columns were read of it"""
    inputs_left_out: int
    """how many more there are"""


class Output:
    """Something that is written as a whole. Override `write`, and what else you need."""

    observers: Sequence[Observer] = ()
    """what it needs to see of the rows"""
    tap: Callable[[Any], Any] | None = None
    """is shown each input that is read from its start to its end, and returns what is read in its place"""

    def __init__(self, every: float | None = None) -> None:
        self._every = every or inf
        self.due = time.monotonic() + self._every
        """when to write what there is so far, on the clock of `time.monotonic`"""

    def check(self) -> None:
        """Raise OutputError, before anything is read, if it cannot be written."""

    def write(self, result: Result, *, final: bool) -> None:
        """Write the result so far, or the final one; raise OutputError if that fails."""
        raise NotImplementedError

    def put_off(self, begun: float) -> None:
        """Restart the interval, after what was written so far; that `begun` then."""
        self.due = begun + self._every

    def close(self) -> None:
        """Release what `check` has opened."""


class Sink:
    """Called in the order of the list, between two rows of the stream, and never in the middle of a chunk.

    Override what you need; each method here does nothing. A failure to write raises OutputError.
    """

    observers: Sequence[Observer] = ()
    """what it needs to see of the rows"""
    due = inf
    """when `turn` has something to do, on the clock of `time.monotonic`"""

    def start(self) -> None:
        """Note that the job begins: its stream is there, new or as a checkpoint has it."""

    def begin(self, name: str) -> None:
        """Note that an input begins, or continues where a checkpoint ends."""

    def take(self, size: int, tail: bytes) -> None:
        """Note that the next `size` bytes are counted, of which `tail` are the last.

        They are all, or if the bytes were counted elsewhere the last ones, or if they were no text none.
        """

    def turn(self) -> None:
        """Do what is due."""

    def ending(self) -> None:
        """Note that the last input is at its end; a last row without its newline is not counted yet."""

    def leaving(self, rotated: str) -> None:
        """Note that a followed file is left for the one that replaces it, right before `end`; `rotated` says why."""

    def end(self, rotated: str | None) -> None:
        """Note that an input has ended, and with it its last row; `rotated` says why another file replaces it."""

    def stop(self, by: str) -> None:
        """Note that a signal, `by` its name, has ended an endless source."""

    def finish(self) -> None:
        """Note that the stream has ended without an error."""

    def fail(self, error: StreamSignalError) -> None:
        """Note that the job ends with this error, and do what remains to be done."""


class Every(Sink):
    """A sink that does something every `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.put_off()

    def start(self) -> None:
        """Begin the first interval with the job: what came before was no time in which rows were counted."""
        self.put_off()

    def put_off(self) -> None:
        """Restart the interval."""
        self.due = time.monotonic() + self._seconds

    def turn(self) -> None:
        """Do it if it is due."""
        if time.monotonic() >= self.due:
            self.put_off()
            self.do()

    def do(self) -> None:
        """Do what is due; override it."""
