"""Grouping: which series a row belongs to.

    no key              all rows are one series; in columns named as those of symbols, a second value is refused
    `key: none`         all rows are one series, whatever symbols they have
    `key: symbol`       the key in that column of the row
    `key: @file`        the key in the name of the input

The text reader shows each record to a grouping that `reads` them; `number` is then that of the series of the row. The
twin for blocks of lines is `core.blocks.grouping`. A new grouping is a line of `GROUPINGS`: the value of `key` that
asks for it, and how it is made. It is read in blocks if it is a `KeyColumn`, and as text until it has a twin if not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.config import BY_NAME, NO_KEY
from stream_signal.core.errors import shown
from stream_signal.core.layout.layout import SYMBOL_NAMES, find_column, folded
from stream_signal.core.limits import MOST_KEY_BYTES
from stream_signal.core.rows import NO_SERIES
from stream_signal.core.series.keys import KeyRefused, Keys, check_key, check_length

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stream_signal.core.config import Config
    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.rows import Rows


class Grouping:
    """All rows are one series. `keys` has the keys, a single empty one if the rows have none."""

    has_keys = False
    """whether the stream has keys"""
    is_assumed = False
    """whether nobody has said which series a row belongs to"""
    positions: Sequence[int] = ()
    """those of the columns that tell series apart, from 0"""
    by_row = False
    """whether each row has a series of its own, `number`, which may be the same for all; otherwise it is 0"""
    takes_keys = True
    """whether `see` takes the keys that it reads; otherwise it only checks them"""
    reads = False
    """whether `see` has to see the records; known once the header is"""
    key: bytes | None = None
    """that of the last row, or of all rows of the input; None if it could not be read, or there are none"""
    symbols: tuple[str | None, ...] = ()
    """the value of each column of symbols so far, where a second one is refused"""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.number = 0

    def begin_input(self, name: str | None) -> None:
        """Begin an input, with its name if it has one."""

    def begin(self, layout: Layout) -> None:
        """Find the columns."""

    def see(self, record: list[bytes]) -> None:
        """Take the fields of a row whose close can be read; KeyRefused if its key cannot be."""

    def see_bad(self, record: list[bytes] | None) -> None:
        """Take those of a row that counts without a close; None if it has other fields than the header."""
        if record:
            self.see(record)

    def keys_of(self, rows: Rows) -> list[bytes | None] | None:  # noqa: ARG002
        """Return the keys of rows that have their texts; None if the stream has no keys."""
        return None

    @property
    def usual(self) -> tuple[int, bytes] | None:
        """The position of a column, from 0, and the field with which `see` may be left out; None if it never may."""
        return None

    def restore(self, symbols: Sequence[str | None]) -> None:
        """Continue with these symbols, if it compares any; ValueError if there are others."""


class OneSymbol(Grouping):
    """Refuses a second value in any column that is named as one of symbols; an empty field is no value.

    A file of many symbols looks like any other, and the mean over all of them has no meaning.

    >>> from stream_signal.core.layout.layout import Layout
    >>> grouping = OneSymbol(Keys(1))
    >>> grouping.begin(Layout(b"", ("Symbol", "close"), ",", 1, 2))
    >>> grouping.see([b"BTC", b"42.5"]), grouping.symbols
    (None, ('BTC',))
    >>> grouping.see([b"ETH", b"42.5"])
    Traceback (most recent call last):
    stream_signal.core.series.keys.KeyRefused: expected one symbol in column 'Symbol', found 'ETH' after 'BTC'
    """

    is_assumed = True

    def __init__(self, keys: Keys) -> None:
        super().__init__(keys)
        self.values: list[bytes | None] = []
        self._names: list[str] = []

    def begin(self, layout: Layout) -> None:
        """Find the columns of symbols."""
        named = enumerate(layout.names)
        self.positions = [at for at, name in named if folded(name) in SYMBOL_NAMES and at != layout.position]
        self.values = [None] * len(self.positions)
        self._names = [layout.names[at] for at in self.positions]
        self.reads = bool(self.positions)

    def see(self, record: list[bytes]) -> None:
        """Compare the symbols of a row with those before."""
        for number, at in enumerate(self.positions):
            value = self.values[number]
            if record[at] != value and (symbol := record[at].strip(b" ")) not in {b"", value}:
                if value is not None or len(symbol) > MOST_KEY_BYTES:
                    self._refuse(number, value, symbol)
                self.values[number] = symbol

    def _refuse(self, number: int, value: bytes | None, symbol: bytes) -> None:
        if value is not None:
            name = self._names[number]
            expected, both = f"one symbol in column {shown(name)}", f"{shown(symbol)} after {shown(value)}"
            raise KeyRefused(expected, both, ("symbols", {"column": name}))
        check_length(symbol, ("symbols", {"column": None}))

    @property
    def usual(self) -> tuple[int, bytes] | None:
        """The column and the value of a row without another symbol, if there is one such column."""
        value = self.values[0] if len(self.values) == 1 else None
        return None if value is None else (self.positions[0], value)

    @property
    def symbols(self) -> tuple[str | None, ...]:  # type: ignore[override] # which changes here
        """The value of each column of symbols; None while there is none."""
        return tuple(None if value is None else value.decode("latin-1") for value in self.values)

    def restore(self, symbols: Sequence[str | None]) -> None:
        """Continue with the values of these columns."""
        if len(symbols) != len(self.values):
            raise ValueError("expected a symbol for each column of symbols")
        self.values = [None if symbol is None else symbol.encode("latin-1") for symbol in symbols]


class KeyColumn(Grouping):
    """Takes the key of each row from a column, by its name or its number from 1."""

    has_keys = by_row = reads = True

    def __init__(self, keys: Keys, column: str | int) -> None:
        super().__init__(keys)

        self._wanted = column
        self._name = ""

    def begin(self, layout: Layout) -> None:
        """Find the column of the keys."""
        at = find_column(layout, self._wanted, "key")
        self.positions = [at]
        self._name = shown(layout.names[at]) if layout.names else str(at + 1)

    def read(self, field: bytes) -> bytes:
        """Return the key in a field, empty if it has none: a field always has the same."""
        return field.strip(b" ")

    def see(self, record: list[bytes]) -> None:
        """Take the key of a row; KeyRefused if it has none."""
        self.key, self.number = None, NO_SERIES
        key = self.read(record[self.positions[0]])
        if not key:
            raise KeyRefused(f"a key in column {self._name}", shown(key), stops=False)
        if self.takes_keys:
            self.number = self.keys.take(key)
        else:
            check_key(key)
        self.key = key

    def keys_of(self, rows: Rows) -> list[bytes | None] | None:
        """Return what stands in the column."""
        return [key.strip(b" ") or None for key in rows.texts(self.positions[0])]

    def see_bad(self, record: list[bytes] | None) -> None:
        """Take the key of a row that counts without a close, if it can be read."""
        self.key, self.number = None, NO_SERIES
        try:
            super().see_bad(record)
        except KeyRefused as error:
            if error.stops:
                raise


class InputName(Grouping):
    """Takes the key in the name of the current input for each of its rows, bad ones too."""

    has_keys = by_row = reads = True

    def __init__(self, keys: Keys, pattern: str) -> None:
        super().__init__(keys)
        self._pattern = pattern

    def begin_input(self, name: str | None) -> None:
        """Find the key in the name of the next input; InputError if there is none."""
        from stream_signal.core.names import key_in

        self.key = None if name is None else key_in(name, self._pattern).encode("utf-8", "backslashreplace")

    def see(self, record: list[bytes]) -> None:  # noqa: ARG002 - all rows have the same key
        """Take the key for a row."""
        if self.key is None:
            raise KeyRefused("an input whose name has its key (`@file`)", "one without a name")
        self.number = self.keys.take(self.key)

    def keys_of(self, rows: Rows) -> list[bytes | None] | None:
        """Return the key for each row."""
        return [self.key] * len(rows)

    def see_bad(self, record: list[bytes] | None) -> None:
        """Take the key for a row that counts without a close."""
        self.see(record or [])


def one_key() -> Keys:
    """Return the keys of a stream that has none: a single empty one."""
    keys = Keys(1)
    keys.restore(b"")
    return keys


def many_keys(config: Config) -> Keys:
    """Return room for the keys that the settings allow."""
    return Keys(config.max_keys, grouped=config.grouped)


# The groupings by the value of `key`; any other value is a column.
GROUPINGS: dict[str | int | None, Callable[[Config], Grouping]] = {
    None: lambda _: OneSymbol(one_key()),
    NO_KEY: lambda _: Grouping(one_key()),
    BY_NAME: lambda config: InputName(many_keys(config), config.key_pattern or ""),
}


def grouping_of(config: Config) -> Grouping:
    """Make the grouping that the settings ask for."""
    make = GROUPINGS.get(config.key)
    return make(config) if make else KeyColumn(many_keys(config), config.key or "")


def label_positions(layout: Layout, config: Config) -> Sequence[int]:
    """Return the positions, from 0, of all columns that tell series apart; errors as of `find_column`.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.layout.layout import Layout
    >>> layout = Layout(b"", ("time", "Ticker", "close"), ",", 2, 3)
    >>> label_positions(layout, Config()), label_positions(layout, Config(key="none"))
    ([1], ())
    """
    grouping = grouping_of(config)
    grouping.begin(layout)
    return grouping.positions
