"""The rows of a range of time: the others are as if they were not in the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import DataError, shown
from stream_signal.core.layout.layout import find_time
from stream_signal.core.limits import natural
from stream_signal.core.observe import Stage
from stream_signal.core.observers.time_sequence import readings_of
from stream_signal.core.timestamps import moment_of

if TYPE_CHECKING:
    from stream_signal.core.config import Config
    from stream_signal.core.layout.layout import Layout, Position
    from stream_signal.core.rows import Rows

_EARLIEST, _LATEST = -(2**63), 2**63 - 1


class TimeRange(Stage):
    """Leaves the rows from `since` on, that time included, up to `until`, that time not included, in order or not.

    DataError if there is no column of times, or at a row whose time cannot be read, or may be in the range or not.
    """

    name = "time_range"

    def __init__(self, config: Config) -> None:
        self._column = config.time_column
        self._position: Position = 0
        self._since = _EARLIEST if config.since is None else moment_of(config.since)
        self._until = _LATEST if config.until is None else moment_of(config.until)
        self._rows = 0
        self._order: int | None = None  # of day and month: 0 if the day comes first

    def begin(self, header: Layout) -> None:
        """Find the column of the times."""
        position = find_time(header, self._column)
        if position is None:
            raise DataError(None, "a timestamp column for --from and --to", "none that is known")
        self._position = position

    def __call__(self, rows: Rows) -> Rows:
        """Leave the rows of the range, up to the first whose time cannot be told."""
        within, failure = self._within(rows)
        self._rows += len(rows)
        if failure is None and len(within) == len(rows):
            return rows
        return rows.only(within, failure)

    def _within(self, rows: Rows) -> tuple[list[int], DataError | None]:
        """Return the positions of the rows in the range, and the error that ends them."""
        if rows.is_array and (found := self._within_array(rows.cells(self._position))) is not None:
            return found, None
        within = []
        for at, text in enumerate(rows.texts(self._position)):
            is_within = {self._since <= time < self._until for time in self._readings(text.strip(b" "))}
            if is_within == {True}:
                within.append(at)
            elif is_within != {False}:
                what = "a time that is in the range or not" if is_within else "a time for --from and --to"
                return within, DataError(None, f"{what} in row {self._rows + at + 1}", shown(text))
        return within, None

    def _readings(self, text: bytes) -> list[int]:
        """Return the times that a text may stand for; one, once a text before could only be read in one way."""
        times = readings_of(text) or ()
        if None in times:
            self._order = times.index(None) ^ 1
        return [
            time
            for time in (times if self._order is None else times[self._order : self._order + 1])
            if time is not None
        ]

    def _within_array(self, cells: Any) -> list[int] | None:
        """Return the positions of the rows in the range; None if their times are not read at once."""
        if isinstance(cells, list):
            return None
        from stream_signal.core.blocks.timestamps import nanoseconds_of

        times = nanoseconds_of(cells)
        if times is None:
            return None
        within: list[int] = ((times >= self._since) & (times < self._until)).nonzero()[0].tolist()
        return within

    def snapshot(self) -> list[int | None]:
        """Return how many rows have come, and whether day or month comes first, as far as that is known."""
        return [self._rows, self._order]

    def restore(self, saved: Any) -> None:
        """Go on after these rows."""
        rows, order = saved
        if order not in {None, 0, 1}:
            raise ValueError("expected an order of day and month")
        self._rows, self._order = natural(rows), order
