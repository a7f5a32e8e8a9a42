"""Labels: what a row says about the series that it belongs to, read beside its close.

The row reader shows each record to one `Label`, if the stream has one: the key of a stream with many series, or the
check that a stream of one series has only one symbol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import shown

if TYPE_CHECKING:
    from typing import Protocol

    class Label(Protocol):
        """Reads the label of each row."""

        key: bytes | None
        """of the last row; None if it has none, or if that could not be read"""

        @property
        def usual(self) -> tuple[int, bytes] | None:
            """A position, from 0, and the field there of a row that need not be seen; None if all rows are to be."""

        def see(self, record: list[bytes]) -> None:
            """Take the fields of a row whose close can be read; LabelError if the label cannot be."""

        def see_bad(self, record: list[bytes] | None) -> None:
            """Take those of a row that counts without a close; None if it has other fields than the header."""


# The longest symbols in use have some 40 bytes, those of options; a field of more than this is a text. All labels are
# kept, and a line may be a hundred times as long.
MOST_LABEL_BYTES = 1024
# A million keys of 32 bytes. A result has each of them in several forms, so that more would take gigabytes.
MOST_KEYS_BYTES = 32 * 1024 * 1024


class LabelError(ValueError):
    """A label cannot be read, or not be taken; `stops` says that the row cannot count as a bad one instead."""

    def __init__(self, expected: str, found: str, hint: str | None = None, *, stops: bool = True) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found
        self.hint = hint
        self.stops = stops


def check_length(label: bytes, hint: str | None = None, *, stops: bool = True) -> None:
    """Raise LabelError if a label is too long to be one."""
    if len(label) > MOST_LABEL_BYTES:
        expected, found = f"a symbol of at most {MOST_LABEL_BYTES} bytes", f"{len(label)} bytes, {shown(label)}"
        raise LabelError(expected, found, hint, stops=stops)
