"""Summary: what a job has found, in words for people: a few lines on a terminal, or a page of Markdown for CI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stream_signal.core.urls import without_secrets
from stream_signal.hints.durations import clock, lines_of
from stream_signal.order import STREAM, WRITTEN
from stream_signal.outputs.files import check_replaceable, replace_file
from stream_signal.outputs.metrics import further, ranked
from stream_signal.outputs.parts import Output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stream_signal.order import Order
    from stream_signal.outputs.parts import Job, Result

# Lines of the table of keys: the highest rates are what one looks for, and all of them are in another output.
MOST_KEYS = 20
_MARKED = re.compile(r"([\\`*_{}\[\]<>|#])")


def wanted(job: Job) -> Iterator[Output]:
    """Yield the page of Markdown."""
    yield SummaryOutput(job)


class SummaryOutput(Output):
    """A page of Markdown, such as CI shows below a job."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.order.every)
        self._path = str(job.order.summary)

    def check(self) -> None:
        """Refuse a path that cannot be replaced."""
        check_replaceable(self._path)

    def write(self, result: Result, *, final: bool) -> None:  # noqa: ARG002 - the same either way
        """Replace the page."""
        replace_file(self._path, markdown(result).encode("utf-8", "backslashreplace"))


def percent(rate: float) -> str:
    """Write a rate, as it stands in all that people read.

    >>> percent(0.49234)
    '49.23 %'
    """
    return f"{100 * rate:.2f} %"


def sentence(result: Result) -> str:
    """Say what was found in one sentence."""
    metrics, span = result.metrics, result.span()
    rows = f"{metrics.rows_processed:,} row{'s' if metrics.rows_processed > 1 else ''}"
    of_each = " of their key" if metrics.by_key is not None else ""
    times = f", from {clock(span.first)} to {clock(span.last)} UTC" if span else ""
    mean = f"the mean of the last {result.stream.window:,}{of_each}"
    return f"{percent(metrics.value)} of {rows} closed above {mean}{times}."


def facts(result: Result) -> Iterator[tuple[str, str]]:
    """Yield what else there is to say: a name, and a text."""
    metrics, span = result.metrics, result.span()
    yield "signals", f"{result.stream.signals:,}"
    for window, counts in further(metrics.by_window).items():
        yield f"rate, window {int(window):,}", percent(counts["value"])
    if metrics.by_key is not None:
        yield "keys", f"{len(metrics.by_key):,}"
    if span:
        for line in lines_of(span)[2:]:
            name, _, text = line.partition(": ")
            yield name, text


def lines(result: Result, order: Order) -> Iterator[str]:
    """Yield the lines of a terminal."""
    yield sentence(result)
    yield "; ".join(f"{name}: {text}" for name, text in facts(result))
    paths = {what: getattr(order, name) for name, what in WRITTEN.items()}
    written = [f"{what} to {without_secrets(path)}" for what, path in paths.items() if path and path != STREAM]
    if written:
        yield f"written: {', '.join(written)}"
    doubts = len(result.doubts())
    if doubts:
        yield f"{doubts} doubt{'s' if doubts > 1 else ''} about this answer:"


def markdown(result: Result) -> str:
    """Return the page."""
    metrics = result.metrics
    inputs = [name for name, _ in result.inputs]
    more = f" and {result.inputs_left_out:,} more" if result.inputs_left_out else ""
    rows = [
        ("rate", f"{percent(metrics.value)} ({metrics.value!r})"),
        ("rows", f"{metrics.rows_processed:,}"),
        *facts(result),
        ("input", ", ".join(inputs) + more),
        ("version, seed", f"{metrics.version}, {metrics.seed}"),
    ]
    page = ["### Signal rate", "", _escaped(sentence(result)), "", *_table(("", ""), rows), ""]
    doubts = result.doubts()
    page += ["**Doubts**", "", *(f"- {_escaped(doubt)}" for doubt in doubts), ""] if doubts else []
    if metrics.by_key:
        keys = ranked(metrics.by_key)
        shown = [
            (key, percent(counts["value"]), f"{counts['rows']:,}", f"{counts['signals']:,}")
            for key, counts in keys[:MOST_KEYS]
        ]
        page += [*_table(("key", "rate", "rows", "signals"), shown), ""]
        page += [f"and {len(keys) - MOST_KEYS:,} more keys", ""] if len(keys) > MOST_KEYS else []
    return "\n".join(page)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(_escaped, row))} |"


def _escaped(text: str) -> str:
    return _MARKED.sub(r"\\\1", " ".join(text.splitlines()))
