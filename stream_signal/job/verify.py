"""Verify: an input, counted in every way there is, and whether all of them agree.

Whoever doubts a result need not trust one engine: the ways share little code (`job.ways`), and the oracle shares none.
"""

from __future__ import annotations

import random
import tempfile
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import Interrupted, StreamSignalError
from stream_signal.core.urls import without_urls
from stream_signal.inputs.kept import kept
from stream_signal.job import ways
from stream_signal.job.ways import Answer, Differs, LeftOut, Subject
from stream_signal.outputs.metrics import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from stream_signal.core.config import Config
    from stream_signal.job.stopping import StopSignals

# What the oracle can afford in about a second; with a long window, some rows have to have a mean.
SAMPLE_ROWS = 100_000
_MOST_SAMPLE_ROWS = 5_000_000


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
    names: tuple[str, ...], config: Config, *, seed: int, jobs: int, sample: int | None, stop: StopSignals
) -> tuple[list[Outcome], StreamSignalError | None]:
    """Count the inputs in every way; return the outcomes, that of the row engine first, and its error, if it has one.

    InputError if a pipe cannot be kept.
    """
    if sample is None:
        sample = min(max(SAMPLE_ROWS, 2 * max(config.window, *config.windows, 1)), _MOST_SAMPLE_ROWS)
    with tempfile.TemporaryDirectory() as folder:
        subject = Subject(kept(names, folder), config)
        given = {path: name for path, name in zip(subject.names, names, strict=True) if path != name}
        outcomes: list[Outcome] = []
        error: StreamSignalError | None = None
        for way, count in _ways(subject, seed, jobs, sample, stop):
            is_first = not outcomes
            if error and way == "fractions":
                outcomes.append(Outcome(way, None, 0.0, "the oracle knows only what is counted", is_left_out=True))
                continue
            outcome, raised = _run(way, count, given)
            if is_first:
                error = raised
            outcomes.append(outcome if is_first else _compared(outcome, outcomes[0]))
    return outcomes, error


def table(outcomes: Iterable[Outcome]) -> str:
    """Draw the outcomes, a line each.

    >>> print(table([Outcome("row engine", Answer(3, 1), 0.0)]), end="")
    way         rows  signals  seconds  same
    row engine     3        1     0.00  the reference
    """
    lines = [("way", "rows", "signals", "seconds", "same")]
    lines += [outcome.line(is_first=number == 0) for number, outcome in enumerate(outcomes)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    drawn = []
    for way, *numbers, same in lines:
        cells = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=False)]
        drawn.append("  ".join([way.ljust(widths[0]), *cells, same]) + "\n")
    return "".join(drawn)


def _ways(
    subject: Subject, seed: int, jobs: int, sample: int, stop: StopSignals
) -> Iterator[tuple[str, Callable[[], Answer]]]:
    """Yield the name of each way, and what counts in it."""

    def drawn() -> random.Random:
        return random.Random(seed)  # noqa: S311 - no secret

    yield "row engine", partial(ways.by_engine, subject, "rows")
    yield "block engine", partial(ways.by_engine, subject, "blocks")
    yield "random cuts, row engine", partial(ways.by_cuts, subject, "rows", drawn())
    yield "random cuts, block engine", partial(ways.by_cuts, subject, "blocks", drawn())
    yield "stop and resume", partial(ways.by_stops, subject, drawn())
    yield "jobs", partial(ways.by_jobs, subject, jobs, stop)
    yield "pipe", partial(ways.by_pipe, subject)
    yield "fractions", partial(ways.by_fractions, subject, sample)


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
    """Say how an outcome differs from that of the row engine."""
    if outcome.is_left_out or outcome.differs:
        return outcome
    return outcome._replace(differs=_difference(outcome, reference))


def _difference(outcome: Outcome, reference: Outcome) -> str:
    found, expected = outcome.answer, reference.answer
    if outcome.way == "fractions" and found:
        return ""  # its rows were compared one by one
    if not found or not expected:
        both = _text(outcome), _text(reference)
        # A member of an archive that comes through a pipe is named in the error, if it is the only one, too.
        is_same = not (found or expected) and (both[0] == both[1] or both[0].endswith(f": {both[1]}"))
        return "" if is_same else f"{both[0]}, and the row engine: {both[1]}"
    for what, one, other in (
        ("rows", found.rows, expected.rows),
        ("signals", found.signals, expected.signals),
        ("repairs", found.repairs, expected.repairs if found.repairs is not None else None),
        ("windows", found.by_window, expected.by_window),
        ("keys", list(found.by_key or ()), list(expected.by_key or ())),
    ):
        if one != other:
            return f"{what}: {one}, and the row engine: {other}"
    for key, counts in (found.by_key or {}).items():
        if expected.by_key and counts != expected.by_key[key]:
            return f"key {key!r}: {counts}, and the row engine: {expected.by_key[key]}"
    return ""


def _text(outcome: Outcome) -> str:
    return f"{outcome.answer.rows} rows" if outcome.answer else outcome.why
