"""Stretch: whole lines from the middle of a stream, counted apart from it, in any process.

    stream   |-- head --|--- stretch ---|--- stretch ---|--- stretch ---|- rest -|
                             counted in any order, and added to the stream in theirs

A stream that has read the head of an input says how its later lines are to be counted (`SignalStream.apart`). With
that, a stretch is counted on its own (`SignalStream.count_apart`), and added as if the stream had read it (`add`).

That is exact, or it is not done. A stretch is not counted apart if its rows may depend on the lines before it, because
of a quote, if it has a line that is an error, or if an observer has to see its rows in order: the stream then reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.limits import Tuning

if TYPE_CHECKING:
    from stream_signal.core.config import Config
    from stream_signal.core.findings import Findings
    from stream_signal.core.header import Header
    from stream_signal.core.observe import Observer
    from stream_signal.core.series.segment import Segments


class Apart(NamedTuple):
    """How later lines of a stream are to be counted apart from it."""

    config: Config
    header: Header
    parts: tuple[Observer, ...]
    """an observer for each one of the stream"""
    symbols: tuple[str | None, ...] = ()
    """the value of each column of symbols so far; another one is an error"""
    tuning: Tuning = Tuning()
    """that of the stream"""


class Stretch(NamedTuple):
    """What was counted in a stretch of whole lines."""

    size: int
    """bytes"""
    lines: int
    header: Header
    """which the rows were read by"""
    segments: Segments
    """of each key, for each window"""
    repairs: Findings
    """with lines counted from the start of the stretch"""
    parts: tuple[Observer, ...]
    """what each observer would have seen, with rows counted from the start of the stretch"""
    symbols: tuple[str | None, ...] = ()
    """the value of each column of symbols"""


class NotApart(Exception):  # noqa: N818 - nothing has failed
    """A stretch cannot be counted apart from the lines before it; the text says why."""
