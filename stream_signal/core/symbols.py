"""Symbols: a stream of one series has one symbol, or somebody has said that more are meant.

A file of many symbols looks like any other, and the mean over all of them has no meaning. So if the header has a column
named `symbol`, or like it, and the config has no key, a second value there is an error. An empty one is no value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.advice import Advice, Way
from stream_signal.core.errors import shown
from stream_signal.core.header import folded
from stream_signal.core.key_column import symbol_positions
from stream_signal.core.labels import LabelError, check_length
from stream_signal.core.printable import typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.header import Header


class Symbols:
    """Refuses a second value in each column of `header` that has the name of one for symbols.

    `positions` are those columns, from 0; there may be none. `values` has the value of each, None until there is one.

    >>> from stream_signal.core.header import Header
    >>> symbols = Symbols(Header(b"", ("Symbol", "close"), ",", 1, 2))
    >>> symbols.see([b"BTC", b"42.5"]), symbols.values
    (None, [b'BTC'])
    >>> symbols.see([b"ETH", b"42.5"])
    Traceback (most recent call last):
    stream_signal.core.labels.LabelError: expected one symbol in column 'Symbol', found 'ETH' after 'BTC'
    """

    def __init__(self, header: Header) -> None:
        self.key: bytes | None = None
        self.positions = symbol_positions(header)
        self.values: list[bytes | None] = [None] * len(self.positions)
        self._names = [header.names[at] for at in self.positions]

    def see(self, record: Sequence[bytes]) -> None:
        """Compare the symbols of a row with those before."""
        for number, at in enumerate(self.positions):
            value = self.values[number]
            if record[at] != value:
                self._take(number, value, record[at].strip(b" "))

    def see_bad(self, record: Sequence[bytes] | None) -> None:
        """Compare the symbols of a bad row, if it has any."""
        if record:
            self.see(record)

    def _take(self, number: int, value: bytes | None, found: bytes) -> None:
        if not found or found == value:
            return
        if value is not None:
            name = self._names[number]
            expected, both = f"one symbol in column {shown(name)}", f"{shown(found)} after {shown(value)}"
            flags = f"--key {typed(folded(name))}"
            text = f"{flags} for one mean each, --key none for one series over all"
            ways = Way(flags, without=("key",)), Way("--key none")
            raise LabelError(expected, both, Advice(f"try {text}", text, ways))
        text = "--key none for one series over all"
        check_length(found, Advice(f"try {text}", text, (Way("--key none"),)))
        self.values[number] = found

    @property
    def usual(self) -> tuple[int, bytes] | None:
        """The column and the value of a row without another symbol, if there is one such column."""
        value = self.values[0]
        return None if value is None or len(self.values) > 1 else (self.positions[0], value)

    @property
    def are_known(self) -> bool:
        """Whether each column has had a value."""
        return None not in self.values
