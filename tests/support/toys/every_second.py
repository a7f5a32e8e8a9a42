"""A stage that drops every second row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.observe import Stage

if TYPE_CHECKING:
    from stream_signal.core.rows import Rows


class EverySecond(Stage):
    """Leaves the first row of the stream, the third, and so on."""

    name = "every_second"

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, rows: Rows) -> Rows:
        """Leave out the others."""
        left = range(self.rows % 2, len(rows), 2)
        self.rows += len(rows)
        return rows.only(left)

    def snapshot(self) -> int:
        """Return how many rows have come."""
        return self.rows

    def restore(self, saved: Any) -> None:
        """Go on after so many rows."""
        if type(saved) is not int:
            raise ValueError("expected a number of rows")
        self.rows = saved
