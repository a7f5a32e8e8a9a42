"""The seam of two runs: what it shows of the rows of the later one is what one panel sees that has counted both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.seam import first_rows
from stream_signal.core.blocks.segments import ArraySegments
from stream_signal.core.observers.first_rows import FirstRows
from stream_signal.core.rows import Rows
from stream_signal.core.seam import mean_of
from stream_signal.core.series.grouping import KeyColumn
from stream_signal.core.series.keys import Keys
from stream_signal.core.series.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Sequence

WINDOWS = [4, 2]
CLOSES = [(458, 2), (459, 2), (46, 1), (5, 0), None]
RUNS = st.lists(st.tuples(st.sampled_from([0, 0, 1, 2, -1]), st.sampled_from(CLOSES)), max_size=25)


def panel_of(*, joins: bool = False) -> Panel:
    """Return a panel of three keys."""
    keys = Keys(most=10)
    for key in (b"A", b"B", b"C"):
        keys.take(key)
    return Panel(KeyColumn(keys, "symbol"), WINDOWS, joins=joins)


def rows_of(run: Sequence[tuple[int, Any]]) -> Rows:
    """Return rows; those of no series have no close."""
    return Rows([None if number < 0 else close for number, close in run], [number for number, _ in run])


@pytest.mark.parametrize("are_arrays", [False, True])
@given(before=RUNS, later=RUNS)
def test_across_the_seam(*, are_arrays: bool, before: list[Any], later: list[Any]) -> None:
    """Which of the first rows of a run signal, and their means, are known once it is added to the rows before."""
    whole, first, second = panel_of(), panel_of(), panel_of(joins=True)
    first.push(rows_of(before))
    whole.push(rows_of(before))
    _, seen = whole.see(rows_of(later))
    _, alone = second.see(rows_of(later))
    segments = ArraySegments.of(second.windows, second.rows) if are_arrays else second.segments()
    assert segments
    seam = first.add(segments, shown=True)
    positions, series, ranks = FirstRows(max(WINDOWS)).among(rows_of(later))
    for window, here, there, across in zip(WINDOWS, seen.windows, alone.windows, seam, strict=True):
        late = dict(zip(positions, across.above(series, ranks), strict=True))
        assert [here.above[at] for at in range(len(later))] == [
            there.above[at] or late.get(at, False) for at in range(len(later))
        ]
        for at, number, rank in zip(positions, series, ranks, strict=True):
            if here.full[at] and not there.full[at]:
                assert across.mean(number, rank) == mean_of(here.sums[at], window, here.places[at])
            else:
                assert across.mean(number, rank) is None


@given(st.lists(st.lists(st.sampled_from([-1, 0, 1, 2, 7]), min_size=1, max_size=9), max_size=5), st.integers(1, 5))
def test_first_rows_of_arrays(batches: list[list[int]], window: int) -> None:
    """The first rows of each series are the same in arrays as in lists, in whatever batches they come."""
    first, counts = FirstRows(window), np.zeros(0, np.int64)
    for numbers in batches:
        counts, (at, *columns) = first_rows(counts, window - 1, np.array(numbers))
        in_order = sorted(zip(list(at), *(column.tolist() for column in columns), strict=True))
        assert in_order == list(zip(*first.among(Rows([None] * len(numbers), numbers)), strict=True))
