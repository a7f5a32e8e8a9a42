"""Verify: an input, counted in several ways, and whether all of them agree.

Whoever doubts a result need not trust one engine: the ways share little code, and the oracle shares none.

    row engine          plain Python, one line at a time: what all others are compared with
    block engine        NumPy, many lines at once
    jobs                ranges of the files in worker processes
    fractions           the first rows, one by one, by the oracle

That neither cuts, nor stops, nor pipes change an answer is a law of the program, and its tests prove it.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack, closing
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.config import Config
from stream_signal.core.errors import Interrupted, StreamSignalError
from stream_signal.core.limits import Tuning
from stream_signal.core.observe import Observer
from stream_signal.core.printable import in_columns
from stream_signal.core.stream import SignalStream
from stream_signal.core.urls import without_urls
from stream_signal.inputs.events import Counted
from stream_signal.inputs.files import FilesSource, keep
from stream_signal.inputs.opening import expanded, open_input
from stream_signal.inputs.plain import CHUNK_BYTES, STDIN
from stream_signal.inputs.probe import probe
from stream_signal.job.drive import read
from stream_signal.job.oracle import Puzzled, judge
from stream_signal.job.parallel import HEAD_BYTES, ParallelSource
from stream_signal.job.sources import alone, source_of
from stream_signal.job.workers import RANGES_EACH, processes, range_bytes_for
from stream_signal.order import Order
from stream_signal.outputs.log import Log
from stream_signal.outputs.metrics import Metrics, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping
    from typing import Any

    from stream_signal.core.limits import Engine
    from stream_signal.core.rows import Row
    from stream_signal.inputs.events import Event, Source
    from stream_signal.stopping import StopSignals

# What the oracle can afford in about a second; with a long window, some rows have to have a mean.
SAMPLE_ROWS = 100_000
_MOST_SAMPLE_ROWS = 5_000_000
# The worker processes have something to do in small files, too.
_LEAST_HEAD_BYTES, _LEAST_RANGE_BYTES = 4 * 1024, 16 * 1024


class LeftOut(Exception):  # noqa: N818 - nobody made an error
    """There is no such way for this input; the text says why."""


class Differs(Exception):  # noqa: N818 - it is the finding
    """A way decides otherwise than the engine that it was compared with; the text says where."""


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


class Outcome(NamedTuple):
    """How one way ended."""

    way: str
    answer: Answer | None
    """None if it was left out, or ended with an error"""
    seconds: float
    why: str = ""
    """why it was left out, or what the error says"""
    is_left_out: bool = False
    differs: str = ""
    """how it differs from the row engine, empty if it does not"""

    def line(self, *, is_first: bool) -> tuple[str, str, str, str, str]:
        """Return its line of the table."""
        name = f"{self.way} ({self.answer.detail})" if self.answer and self.answer.detail else self.way
        if self.is_left_out:
            return name, "-", "-", "-", f"left out: {self.why}"
        rows, signals = (str(self.answer.rows), str(self.answer.signals)) if self.answer else ("error", "-")
        same = "NO" if self.differs else "the reference" if is_first else "yes"
        return name, rows, signals, f"{self.seconds:.2f}", same


def verify(
    names: tuple[str, ...], config: Config, *, jobs: int, sample: int | None, stop: StopSignals
) -> tuple[list[Outcome], StreamSignalError | None]:
    """Count the inputs in every way; return the outcomes, that of the row engine first, and its error, if it has one.

    InputError if a pipe cannot be kept.
    """
    if sample is None:
        sample = min(max(SAMPLE_ROWS, 2 * max(config.window, *config.windows, 1)), _MOST_SAMPLE_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(_files_of(names, folder), config)
        given = {path: name for path, name in zip(subject.names, names, strict=True) if path != name}
        reference, error = _run("row engine", partial(by_engine, subject, "rows"), given)
        outcomes = [reference]
        for way, count in (
            ("block engine", partial(by_engine, subject, "blocks")),
            ("jobs", partial(by_jobs, subject, jobs, stop)),
            ("fractions", partial(by_fractions, subject, sample)),
        ):
            if error and way == "fractions":
                outcome = Outcome(way, None, 0.0, "the oracle knows only what is counted", is_left_out=True)
            else:
                outcome, _ = _run(way, count, given)
            outcomes.append(_compared(outcome, reference))
    return outcomes, error


def table(outcomes: Iterable[Outcome]) -> str:
    """Draw the outcomes, a line each.

    >>> print(table([Outcome("row engine", Answer(3, 1), 0.0)]), end="")
    way         rows  signals  seconds  same
    row engine     3        1     0.00  the reference
    """
    lines = [outcome.line(is_first=number == 0) for number, outcome in enumerate(outcomes)]
    return in_columns([("way", "rows", "signals", "seconds", "same"), *lines], right={1, 2, 3})


def by_engine(subject: Subject, engine: Engine) -> Answer:
    """Count with one engine."""
    stream = SignalStream(subject.config, tuning=Tuning(engine))
    read(stream, subject.source(batches=True))
    return _answer(stream)


def by_jobs(subject: Subject, jobs: int, stop: StopSignals) -> Answer:
    """Count the ranges of the files in so many worker processes."""
    config = subject.config
    if why := alone(Order(subject.names, jobs=jobs), config):
        raise LeftOut(why)
    names, stream, ranges = expanded(subject.names), SignalStream(config), 0
    sizes = [probe(name).size for name in names]

    def see(event: Event) -> bool:
        nonlocal ranges
        ranges += isinstance(event, Counted)
        return False

    with ExitStack() as resources:
        small = max(sizes, default=0) // (RANGES_EACH * jobs)
        most = range_bytes_for(jobs, sum(sizes), keyed=config.is_keyed)
        workers = processes(jobs, min(max(small, _LEAST_RANGE_BYTES), most), resources, stop)
        workers = workers._replace(head_bytes=min(max(small, _LEAST_HEAD_BYTES), HEAD_BYTES))
        source = ParallelSource(names, lambda some: FilesSource(some, config), stream, workers, Log(None, 0))
        read(stream, _Watched(source, see))
    answer = _answer(stream, f"{jobs} processes, {ranges} ranges")
    if not ranges:
        raise LeftOut("no part of the input can be counted by a worker process")
    return answer


def by_fractions(subject: Subject, sample: int) -> Answer:
    """Have the oracle judge the first `sample` rows, one by one, and compare each with the block engine."""
    shown = _Shown(sample)
    stream = SignalStream(subject.config, [shown], tuning=Tuning("blocks"))
    read(stream, _Watched(subject.source(), lambda _: stream.rows >= sample))
    if stream.rows < sample:
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
                for window, above, one in zip(windows, signals_of_row, (row, *row.further), strict=True):
                    if above != one.above:
                        fractions = f"the close is {one.close} and the mean {one.mean}"
                        decided = "signals" if above else "does not signal"
                        raise Differs(f"row {rows} {decided} for window {window}, and {fractions}")
                signals += row.above
        except Puzzled as why:
            raise LeftOut(f"the oracle does not know: {why}") from None
    return Answer(rows, signals, detail=f"the first {rows} rows")


class _Watched:
    """A source that shows each event to `see` once it was taken, and ends when that returns True."""

    endless = False

    def __init__(self, source: Source, see: Callable[[Event], bool]) -> None:
        self.names = source.names
        self._source = source
        self._see = see

    def events(self, first: int, offset: int, patience: Callable[[], float] | None) -> Generator[Event]:
        with closing(self._source.events(first, offset, patience)) as events:
            for event in events:
                yield event
                if self._see(event):
                    return


class _Shown(Observer):
    """The signals of the first rows."""

    def __init__(self, most: int) -> None:
        self.above: list[list[bool]] = []  # of each window
        self._most = most

    def row(self, row: Row) -> None:
        if len(self.above) < self._most:
            self.above.append([row.above, *(further.above for further in row.further)])


def _answer(stream: SignalStream, detail: str = "") -> Answer:
    counts = stream.finish()
    metrics = Metrics.of(Config(), stream, counts, 0.0)
    repairs = dict(stream.repairs.counts)
    return Answer(counts.rows, counts.signals, metrics.by_window, metrics.by_key, repairs, detail)


def _run(way: str, count: Callable[[], Answer], given: dict[str, str]) -> tuple[Outcome, StreamSignalError | None]:
    """Count in one way; return the outcome, and the error of the input, if it has one."""
    started = time.perf_counter()

    def seconds() -> float:
        return time.perf_counter() - started

    try:
        return Outcome(way, count(), seconds()), None
    except LeftOut as why:
        return Outcome(way, None, 0.0, str(why), is_left_out=True), None
    except Differs as how:
        return Outcome(way, None, seconds(), str(how), differs=str(how)), None
    except Interrupted:
        raise
    except StreamSignalError as error:
        error.args = tuple(_named(part, given) if isinstance(part, str) else part for part in error.args)
        if isinstance(source := getattr(error, "source", None), str):
            error.source = _named(source, given)  # type: ignore[attr-defined]
        return Outcome(way, None, seconds(), one_line(error)), error
    except Exception as error:  # noqa: BLE001 - a defect of one way is what is looked for
        return Outcome(way, None, seconds(), without_urls(f"{type(error).__name__}: {error}")), None


def _named(text: str, given: dict[str, str]) -> str:
    """Put the names that were given into a message, in place of the files that pipes are kept in."""
    for path, name in given.items():
        text = text.replace(repr(path), "stdin" if name == "-" else repr(name)).replace(path, name)
    return text


def _compared(outcome: Outcome, reference: Outcome) -> Outcome:
    """Say how an outcome differs from that of the row engine; the rows of the oracle were compared one by one."""
    answer, expected = outcome.answer, reference.answer
    if outcome.is_left_out or outcome.differs or (answer and outcome.way == "fractions"):
        return outcome
    if answer and expected:
        return outcome._replace(differs=_difference(answer, expected))
    texts = [f"{one.answer.rows} rows" if one.answer else one.why for one in (outcome, reference)]
    return outcome._replace(differs="" if texts[0] == texts[1] else f"{texts[0]}, and the row engine: {texts[1]}")


def _difference(answer: Answer, expected: Answer) -> str:
    for what, one, other in (
        ("rows", answer.rows, expected.rows),
        ("signals", answer.signals, expected.signals),
        ("repairs", answer.repairs, expected.repairs),
        ("windows", answer.by_window, expected.by_window),
        ("keys", list(answer.by_key or ()), list(expected.by_key or ())),
    ):
        if one != other:
            return f"{what}: {one}, and the row engine: {other}"
    for key, counts in (answer.by_key or {}).items():
        if expected.by_key and counts != expected.by_key[key]:
            return f"key {key!r}: {counts}, and the row engine: {expected.by_key[key]}"
    return ""


def _files_of(names: tuple[str, ...], folder: str) -> tuple[str, ...]:
    """Return names of inputs that can be read again and again: files of `folder` in place of stdin and of pipes.

    InputError if one cannot be read, or kept.
    """
    return tuple(name if name != STDIN and probe(name).can_be_read_again else _keep_one(name, folder) for name in names)


def _keep_one(name: str, folder: str) -> str:
    # Its name may have a key in it.
    path = os.path.join(tempfile.mkdtemp(dir=folder), "stdin" if name == STDIN else os.path.basename(name))
    with open_input(name) as source, open(path, "xb") as file:
        for _ in keep(source, source.read(CHUNK_BYTES), None, file):
            pass
    return path
