"""An observer of the highest close."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from stream_signal import Observer

if TYPE_CHECKING:
    from stream_signal import Row


class Highest(Observer):
    """Keeps the highest close."""

    name = "highest"

    def __init__(self) -> None:
        self.close: Decimal | None = None

    def row(self, row: Row) -> None:
        """Compare one close with the highest."""
        if row.close is not None and (self.close is None or row.close > self.close):
            self.close = row.close

    def part(self) -> Highest:
        """Return one for later rows."""
        return Highest()

    def join(self, part: Any, rows: int, seam: Any) -> None:  # noqa: ARG002
        """Take the higher of both."""
        if part.close is not None and (self.close is None or part.close > self.close):
            self.close = part.close

    def snapshot(self) -> str | None:
        """Return the close as text."""
        return None if self.close is None else str(self.close)

    def restore(self, saved: Any) -> None:
        """Go on from it."""
        self.close = Decimal(saved)
