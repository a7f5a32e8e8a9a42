"""Opened: what an open input looks like, wherever its bytes come from; and how long a reader of it waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    # Returns for how many seconds to wait for bytes; None waits for ever.
    Patience = Callable[[], float] | None


class Opened(Protocol):
    """An open input: its bytes as they are stored."""

    @property
    def name(self) -> str:
        """For messages."""

    @property
    def size(self) -> int:
        """In bytes; 0 if it is unknown."""

    @property
    def file(self) -> BinaryIO | None:
        """The same, to seek in; None if that is impossible."""

    @property
    def is_slow(self) -> bool:
        """Whether a read takes long enough to be worth a thread of its own."""

    def ready(self, seconds: float) -> bool:
        """Wait until there is something to read, `seconds` at the longest; return whether there is."""

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, as soon as some arrive; none at the end."""

    def check(self, read: int) -> None:
        """Raise InputError if fewer than the `read` bytes are there by now."""

    def close(self) -> None:
        """Close it."""
