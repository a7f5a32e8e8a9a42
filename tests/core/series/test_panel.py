"""The panel: what it shows, what it keeps, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from stream_signal.core.blocks.columns import TextColumns
from stream_signal.core.blocks.rolling import Ticks
from stream_signal.core.blocks.rows import ArrayRows
from stream_signal.core.rows import NO_SERIES, Rows
from stream_signal.core.series.grouping import Grouping, KeyColumn, one_key
from stream_signal.core.series.keys import Keys
from stream_signal.core.series.panel import Panel
from stream_signal.core.series.series import Series

if TYPE_CHECKING:
    from stream_signal.core.ticks import Close

THREE: list[Close] = [(4, 0), (5, 0), (6, 0)]


def of_one_key(windows: tuple[int, ...] = (2,)) -> Panel:
    """Make a panel of a stream without keys."""
    return Panel(Grouping(one_key()), windows)


def of_keys(*, grouped: bool = False) -> Panel:
    """Make a panel of the keys A and B."""
    keys = Keys(10, grouped=grouped)
    for key in (b"A", b"B"):
        keys.take(key)
    return Panel(KeyColumn(keys, "symbol"), (2,))


def test_nothing_is_kept_for_a_join_that_nobody_asked_for() -> None:
    """First closes are kept only by a panel, or a series, that was made to be joined."""
    assert not Series(2).joins
    assert not of_one_key().windows[0].joins


def test_arrays_stay_arrays() -> None:
    """Rows that are arrays are shown as they came, with a mean for each window unless nobody looks at them."""
    rows = ArrayRows(Ticks(np.array([4, 5, 6]), 0, 6, []), 0, TextColumns())
    shown, seen = of_one_key().see(rows)
    assert shown is rows
    assert [means.above.tolist() for means in seen.windows] == [[False, True, True]]
    assert of_one_key().see(rows, windows=False)[1].windows == []


def test_a_row_of_no_key_has_no_sum() -> None:
    """A row whose key cannot be read has the sum 0, at the scale of integers."""
    panel = of_keys()
    (means,) = panel.see(Rows([(45, 1), (5, 0)], [0, NO_SERIES]))[1].windows
    assert (means.sums, means.places, means.full) == ([45, 0], [1, 0], [False, False])


@pytest.mark.parametrize("count", [Panel.push, Panel.see])
def test_columns_of_one_length(count: object) -> None:
    """A row without a series, or a series without a row, is a defect and never a row less."""
    with pytest.raises(ValueError, match="zip"):
        count(of_keys(), Rows(THREE, [0, 1]))  # type: ignore[operator]


def test_grouped_keys_keep_one_window() -> None:
    """Of keys that come one after another, only the last one has a window; the others keep no close."""
    panel = of_keys(grouped=True)
    for number in (0, 1):
        panel.push(Rows([(45, 1), (5, 0)], number))
    first, second = panel.windows[0].series.values()
    assert first.mean is None
    assert second.mean is not None
    assert [(each.tail, each.places) for each in panel.windows[0].segments()] == [((), 0), ((45, 50), 1)]


@pytest.mark.parametrize(
    ("panel", "most", "is_long"), [(of_one_key(), 1, False), (of_keys(), 2, False), (of_keys(), 1, True)]
)
def test_long_rings(panel: Panel, most: int, *, is_long: bool) -> None:
    """Only the windows of keys are in rings, and only longer ones than the most are long."""
    assert panel.has_long_rings(most) is is_long


def test_a_state_that_does_not_fit() -> None:
    """A state of other windows, or of a stream with keys or without, is refused in words."""
    one, keyed, two = of_one_key(), of_keys(), of_one_key((2, 3))
    for panel in (one, keyed, two):
        panel.push(Rows(THREE))
    with pytest.raises(ValueError, match=r"^expected the state of a stream without keys$"):
        of_one_key().restore(keyed.state())
    with pytest.raises(ValueError, match=r"^expected the state of a stream with keys$"):
        of_keys().restore(one.state())
    with pytest.raises(ValueError, match=r"^expected the state of each window$"):
        of_one_key().restore(two.state())
    for segments in (two.state(), two.state()._replace(series={})):
        with pytest.raises(ValueError, match="zip"):
            of_one_key().add(segments)


def test_a_state_of_more_keys() -> None:
    """The keys of a state are taken up though a stream may have fewer of its own."""
    panel = Panel(KeyColumn(Keys(1), "symbol"), (2,))
    panel.restore(of_keys().state())
    assert panel.keys.names == [b"A", b"B"]


def test_a_state_begins_a_stream() -> None:
    """A state says nothing of how often its windows were emptied, and keeps full windows that no series counts."""
    panel = of_keys()
    panel.push(Rows(THREE, [0, NO_SERIES, 1]))
    assert (panel.segments().cleared, panel.state().cleared) == (1, 0)
    before = of_one_key()
    before.push(Rows(THREE))
    panel = of_one_key()
    panel.restore(before.state()._replace(full=[5]))
    assert panel.windows[0].full == 7
