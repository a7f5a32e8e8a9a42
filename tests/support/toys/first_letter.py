"""A grouping by the first letter of the column `symbol`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.series.grouping import KeyColumn, many_keys

if TYPE_CHECKING:
    from stream_signal import Config

KEY = "@first-letter"


class FirstLetter(KeyColumn):
    """Rows whose symbols begin with the same letter are one series."""

    def read(self, field: bytes) -> bytes:
        """Return the first letter."""
        return super().read(field)[:1]


def first_letter(config: Config) -> FirstLetter:
    """Make the grouping."""
    return FirstLetter(many_keys(config), "symbol")
