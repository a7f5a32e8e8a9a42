"""Keys: the names of the series of a stream, numbered in the order in which they first came.

A key is compared as the bytes of its field, without the spaces around them. How many there are, and how many bytes they
have, is bounded, because all of them are kept. A stream without keys has one, which is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import DataError, shown
from stream_signal.core.limits import MOST_KEY_BYTES, MOST_KEYS_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from stream_signal.core.errors import Clue


class KeyRefused(ValueError):  # noqa: N818 - it becomes the error of a line
    """A key cannot be read, or not be taken; `stops` says that the row cannot count as a bad one instead."""

    def __init__(self, expected: str, found: str, clue: Clue | None = None, *, stops: bool = True) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found
        self.clue = clue
        self.stops = stops

    def of_line(self, line: int | None) -> DataError:
        """Return the error of that line."""
        error = DataError(line, self.expected, self.found)
        error.clue = self.clue
        return error


class Keys:
    """The keys of a stream: `names` has them by their numbers.

    At most `most` are taken. If they are `grouped`, each comes in one run.

    >>> keys = Keys(most=2)
    >>> keys.take(b"BTC"), keys.take(b"ETH"), keys.take(b"BTC"), keys.names
    (0, 1, 0, [b'BTC', b'ETH'])
    >>> keys.take(b"SOL")
    Traceback (most recent call last):
    stream_signal.core.series.keys.KeyRefused: expected at most 2 keys (`max_keys`), found one more, 'SOL'
    """

    def __init__(self, most: int, *, grouped: bool = False) -> None:
        self.names: list[bytes] = []
        self.most = most
        self.grouped = grouped
        self.size = 0
        """bytes of all keys"""
        self._numbers: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, key: bytes) -> bool:
        return key in self._numbers

    def number(self, key: bytes) -> int:
        """Return the number of a key, and take it if it is new, without a check of the order of the rows."""
        number = self._numbers.get(key)
        return self._add(key) if number is None else number

    def numbers(self, keys: Collection[bytes]) -> list[int]:
        """Return the number of each of these keys; those that are new are taken: there is room for them."""
        known = self._numbers
        new = list(dict.fromkeys(key for key in keys if key not in known))
        known.update(zip(new, range(len(known), len(known) + len(new)), strict=True))
        self.names += new
        self.size += sum(map(len, new))
        return [known[key] for key in keys]

    def take(self, key: bytes) -> int:
        """Return the number of a key; KeyRefused if it is one too many, or comes back although they are grouped."""
        number = self._numbers.get(key)
        if number is None:
            return self._add(key)
        if self.grouped and number != len(self.names) - 1:
            raise KeyRefused(
                "each key in one run (`grouped`)",
                f"{shown(key)} again, after {shown(self.names[-1])}",
                ("key_again", {}),
            )
        return number

    def restore(self, key: bytes) -> int:
        """Take a key of a saved state, which was checked when it was read."""
        number = self._numbers[key] = len(self.names)
        self.names.append(key)
        self.size += len(key)
        return number

    def has_room(self, new: Iterable[int]) -> bool:
        """Whether new keys of so many bytes each can be taken."""
        sizes = list(new)
        return len(self) + len(sizes) <= self.most and self.size + sum(sizes) <= MOST_KEYS_BYTES

    def _add(self, key: bytes) -> int:
        check_key(key)
        if len(self) == self.most:
            raise KeyRefused(
                f"at most {self.most} keys (`max_keys`)",
                f"one more, {shown(key)}",
                ("many_keys", {"most": self.most}),
            )
        if self.size + len(key) > MOST_KEYS_BYTES:
            raise KeyRefused(
                f"keys of at most {MOST_KEYS_BYTES} bytes together",
                f"one more, {shown(key)}",
                ("many_keys", {"most": None}),
            )
        return self.restore(key)


def check_key(key: bytes) -> None:
    """Raise KeyRefused if a key is too long, or not UTF-8."""
    check_length(key, stops=False)
    try:
        key.decode()
    except UnicodeDecodeError:
        raise KeyRefused("a key in UTF-8", shown(key), stops=False) from None


def check_length(key: bytes, clue: Clue | None = None, *, stops: bool = True) -> None:
    """Raise KeyRefused if a key or a symbol is too long to be one."""
    if len(key) > MOST_KEY_BYTES:
        expected, found = f"a symbol of at most {MOST_KEY_BYTES} bytes", f"{len(key)} bytes, {shown(key)}"
        raise KeyRefused(expected, found, clue, stops=stops)
