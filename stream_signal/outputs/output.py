"""Output: what a job writes at its end, and some of it as it goes on: the metrics, the table of the keys, a page.

A job is made of parts: its outputs, and the sinks that are called as rows are counted (`outputs.sink`). The module of
each part has a function `wanted(job)`, which yields the part if the job is to have it.
"""

from __future__ import annotations

import time
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import ExitStack

    from stream_signal.core.config import Config
    from stream_signal.core.observe import Observer
    from stream_signal.core.stream import SignalStream
    from stream_signal.order import Order
    from stream_signal.outputs.log import Log
    from stream_signal.outputs.metrics import Metrics
    from stream_signal.stopping import StopSignals

    # What asks for a part in the order, None if every job has it; and its module, imported once it is asked for.
    Part = tuple[str | None, str]

T = TypeVar("T")


class Result(NamedTuple):
    """What a job has counted, so far or in all."""

    metrics: Metrics
    stream: SignalStream
    doubts: Callable[[], list[str]]
    """returns a line for each"""
    inputs: Sequence[tuple[str, int]]
    """the name of each input, and how many bytes of CSV were read of it"""
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


class Job:
    """What the parts of a job are made from; `stream` is there once it has begun."""

    stream: SignalStream
    position: tuple[int, int]
    """the number of the input that is read first, and the bytes of it that were read by earlier jobs"""

    def __init__(
        self, order: Order, config: Config, log: Log, stop: StopSignals, held: ExitStack, started: float
    ) -> None:
        self.order = order
        self.config = config
        self.log = log
        self.stop = stop
        self.held = held
        """until whose end its files stay open, and locked"""
        self.started = started
        """on the clock of `time.perf_counter`"""
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
