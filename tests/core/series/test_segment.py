"""Law 4: the segment of two adjoining runs is the sum of their segments."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Segment
from stream_signal.core.rows import Rows
from stream_signal.core.series.grouping import one_key
from stream_signal.core.series.series import Series, WindowSeries
from stream_signal.core.ticks import parse_ticks
from support.candle_csv import candle_csv
from support.oracle import count
from support.strategies import close_lists, windows
from support.streams import outcome

if TYPE_CHECKING:
    from stream_signal.core.ticks import Close


def parsed(closes: list[str]) -> list[Close]:
    """Read closes as the row engine does."""
    return [parse_ticks(close.encode()) for close in closes]


@st.composite
def runs(draw: st.DrawFn) -> list[list[str]]:
    """Draw closes, cut into runs of any length, some of them empty."""
    closes = draw(close_lists)
    places = sorted(draw(st.lists(st.integers(0, len(closes)), max_size=8)))
    return [closes[start:end] for start, end in zip([0, *places], [*places, None], strict=True)]


@given(runs(), windows)
def test_cuts(runs: list[list[str]], window: int) -> None:
    """For random cuts, the sum of the segments is the segment of the uncut run, and counts what fractions count."""
    whole = [close for run in runs for close in run]
    segment = sum((Segment.of(parsed(run), window) for run in runs), Segment.empty(window))
    assert segment == Segment.of(parsed(whole), window)
    assert (segment.rows, segment.signals) == count(whole, window)


@given(runs(), windows, st.randoms(use_true_random=False))
def test_associative(runs: list[list[str]], window: int, rng: Any) -> None:
    """Segments may be joined in any grouping, as long as their order is kept."""
    segments = [Segment.of(parsed(run), window) for run in runs]
    wanted = reduce(add, segments)
    while len(segments) > 1:
        at = rng.randrange(len(segments) - 1)
        segments[at : at + 2] = [segments[at] + segments[at + 1]]
    assert segments == [wanted]


@given(close_lists, windows)
def test_identity(closes: list[str], window: int) -> None:
    """The segment of no rows changes nothing, before or after another."""
    segment, empty = Segment.of(parsed(closes), window), Segment.empty(window)
    assert empty + segment == segment + empty == segment
    assert Segment.of([], window) == empty
    assert sum([segment]) == segment


@given(close_lists, windows)
def test_it_counts_what_a_stream_counts(closes: list[str], window: int) -> None:
    """Over rows, a segment and a stream have the same counts."""
    segment, stream = Segment.of(parsed(closes), window), outcome([candle_csv(closes)], window=window)
    assert (segment.rows, segment.signals) == (stream["rows"], stream["signals"])
    assert segment.value == stream["signals"] / stream["rows"]


@given(runs(), windows)
def test_it_continues_a_series(runs: list[list[str]], window: int) -> None:
    """A series that takes some of its runs as segments is, at each seam, the one that counts all rows itself."""
    whole, parts = Series(window), Series(window)
    for number, run in enumerate(runs):
        closes = list(parsed(run))
        whole.push_each(closes)
        if number % 2:
            parts.push_each(closes)
        else:
            parts.add(Segment.of(closes, window))
        for series in (whole, parts):
            series.open().tighten()
        assert [known(series) for series in (whole, parts)] == [known(whole)] * 2


@given(close_lists, windows)
def test_a_series_is_a_segment(closes: list[str], window: int) -> None:
    """What a series has counted is the segment of its rows."""
    series = WindowSeries(window, one_key(), joins=True)
    series.push(Rows(parsed(closes)))
    assert list(series.segments()) == [Segment.of(parsed(closes), window)]


def known(series: Series) -> list[Any]:
    """List all that a series knows."""
    mean = series.open()
    return [series.rows, series.signals, series.full, mean.values(), mean.places, mean.total, mean.largest]


SOME: list[Close] = [(1, 0), (2, 0), (15, 1), None, (175, 2), (3, 0), (3, 0), (1, 0), (22, 1), (7, 0), (65, 1)]


@pytest.mark.parametrize("window", [1, 2, 3, 4, 6, 20])
@pytest.mark.parametrize("closes", [SOME, SOME[::-1], SOME[:3] + SOME[4:]], ids=["", "backwards", "none missing"])
def test_every_cut(closes: list[Close], window: int) -> None:
    """Wherever a run is cut in two, its segments, its series, and a series and a segment have the same sum."""
    whole = Segment.of(closes, window)
    for cut in range(len(closes) + 1):
        assert Segment.of(closes[:cut], window) + Segment.of(closes[cut:], window) == whole
        by_row, by_run, joined = Series(window, joins=True), Series(window, joins=True), Series(window)
        for close in closes:
            by_row.push(close)
        for run in (closes[:cut], closes[cut:]):
            by_run.push_each(run)
        joined.push_each(closes[:cut])
        joined.add(Segment.of(closes[cut:], window))
        for series in (by_row, by_run):
            mean, counts = series.open(), (series.rows, series.full, series.signals)
            tail = mean.values(), mean.places
            assert Segment.from_ends(window, counts, series.head, tail, broken=series.broken) == whole
        assert (joined.rows, joined.full, joined.signals) == (whole.rows, whole.full, whole.signals)
        assert known(joined)[:4] == known(by_run)[:4]


def test_another_scale() -> None:
    """A segment at a scale of more places has its closes in smaller ticks, and is the same otherwise."""
    segment = Segment.of([(15, 1), (2, 0), (30, 1)], 2)
    assert segment.scaled(1) == segment
    assert segment.scaled(3) == segment._replace(head=(1500,), tail=(2000, 3000), places=3)
    assert Segment.from_ends(2, (3, 2, 2), [(15, 1)], ([2, 3], 0), broken=False) == segment._replace(
        head=(15,), tail=(20, 30)
    )


def test_the_order_counts() -> None:
    """Joined the other way round, two runs are another run."""
    up, down = Segment.of([(1, 0), (2, 0)], 2), Segment.of([(3, 0), (1, 0)], 2)
    assert (up + down).signals == 2
    assert (down + up).signals == 1


def test_other_settings_are_refused() -> None:
    """Segments of two windows are not joined, nor a segment with anything else."""
    with pytest.raises(ValueError, match="segments of windows 2 and 3 cannot be joined"):
        Segment.empty(2) + Segment.empty(3)
    with pytest.raises(TypeError):
        Segment.empty(2) + 1
    with pytest.raises(TypeError):
        1 + Segment.empty(2)
