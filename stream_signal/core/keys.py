"""Keys: many series in one stream, each with its own window, in the order in which they first came.

    BTC,4.58 | ETH,2.11 | BTC,4.59 | SOL,0.97 | ETH,2.12          BTC   4.58 4.59
                                                                  ETH   2.11 2.12
                                                                  SOL   0.97

A key is compared as the bytes of its field, without the spaces around them. A row whose key cannot be read may belong
to any of them, so it empties every window: that is noted in O(1), and each window is emptied when its next row comes.
Memory is a window for each key; if the keys are grouped, it is one window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import shown
from stream_signal.core.key_column import find_key
from stream_signal.core.labels import LabelError
from stream_signal.core.names import key_in
from stream_signal.core.rolling import RollingMean
from stream_signal.core.state import KeyState
from stream_signal.core.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stream_signal.core.header import Header
    from stream_signal.core.ticks import Close


class KeyTally(Tally):
    """The tally of one key; `cleared` is how often all windows had been emptied when its last row came."""

    __slots__ = ("cleared",)

    def __init__(self, window: int, cleared: int) -> None:
        super().__init__(window)
        self.cleared = cleared


class Keys:
    """Counts the rows of each key, and all of them in `totals`; its `mean` is not used.

    At most `most` keys are taken. If they are `grouped`, each comes in one run, and only the last has a window.
    `with_mean` counts the rows that end a full window.

    >>> keys = Keys(Tally(window=2))
    >>> [keys.push(key, (close, 0)) for key, close in ((b"A", 1), (b"B", 9), (b"A", 2), (b"B", 8))]
    [False, False, True, False]
    >>> [(key, tally.rows, tally.signals) for key, tally in keys.tallies.items()]
    [(b'A', 2, 1), (b'B', 2, 0)]
    """

    def __init__(self, totals: Tally, most: int = 100_000, *, grouped: bool = False) -> None:
        self.totals = totals
        self.tallies: dict[bytes, KeyTally] = {}
        self.with_mean = 0
        self._window = totals.mean.window
        self._most = most
        self._grouped = grouped
        self._current: bytes | None = None  # the last one that was new
        self._cleared = 0  # how often all windows were emptied

    def take(self, key: bytes) -> None:
        """Note that a row has this key; LabelError if it is one too many, or comes back although they are grouped."""
        if key not in self.tallies:
            self._add(key)
        elif self._grouped and key != self._current:
            raise LabelError(
                "each key in one run (`grouped`)",
                f"{shown(key)} again, after {shown(self._current or b'')}",
                "leave out --grouped, or sort the rows by their key, without changing the order within each",
            )

    def _add(self, key: bytes) -> None:
        try:
            key.decode()
        except UnicodeDecodeError:
            raise LabelError("a key in UTF-8", shown(key), stops=False) from None
        if len(self.tallies) == self._most:
            raise LabelError(
                f"at most {self._most} keys (`max_keys`)",
                f"one more, {shown(key)}",
                "is this the column of the symbols? if it is, set a higher --max-keys",
            )
        if self._grouped and self._current is not None:
            self.tallies[self._current].mean = RollingMean(self._window)  # in place of the one that is full
        self.tallies[key] = KeyTally(self._window, self._cleared)
        self._current = key

    def push(self, key: bytes | None, close: Close) -> bool:
        """Count a row, whose key is None if it could not be read; return whether it signals."""
        totals = self.totals
        totals.rows += 1
        if key is None:
            self._cleared += 1
            return False
        tally = self.tallies.get(key)
        if tally is None:
            self.take(key)
            tally = self.tallies[key]
        if tally.cleared != self._cleared:
            tally.cleared = self._cleared
            tally.mean.clear()
        above = tally.push(close)
        totals.signals += above
        if len(tally.mean.ring) == self._window:
            self.with_mean += 1
        return above

    @property
    def longest(self) -> int:
        """The rows of the key that has the most."""
        return max((tally.rows for tally in self.tallies.values()), default=0)

    def state(self) -> dict[bytes, KeyState]:
        """Return what `restore` needs in another process."""
        return {
            key: KeyState(
                tally.rows,
                tally.signals,
                tally.mean.held() if tally.cleared == self._cleared else [],
                tally.mean.places,
            )
            for key, tally in self.tallies.items()
        }

    def restore(self, saved: Mapping[bytes, KeyState], with_mean: int) -> None:
        """Continue from what `state` returned, after as many rows with a mean; the totals are restored elsewhere."""
        for key, state in saved.items():
            tally = self.tallies[key] = KeyTally(self._window, self._cleared)
            tally.rows, tally.signals = state.rows, state.signals
            tally.mean.restore(state.ring, state.places)
            self._current = key
        self.with_mean = with_mean


class KeyColumn:
    """Reads the key of each row from the column at `position`, from 0, and has `keys` take it.

    `key` is that of the last row; None if it could not be read.
    """

    def __init__(self, keys: Keys, header: Header, column: str | int) -> None:
        self.key: bytes | None = None
        self.position = find_key(header, column)
        self.usual = None
        self._keys = keys
        self._name = shown(header.names[self.position]) if header.names else str(self.position + 1)

    def see(self, record: Sequence[bytes]) -> None:
        """Take the key of a row; LabelError if it has none."""
        self.key = None
        key = record[self.position].strip(b" ")
        if not key:
            raise LabelError(f"a key in column {self._name}", shown(key), stops=False)
        self._keys.take(key)
        self.key = key

    def see_bad(self, record: Sequence[bytes] | None) -> None:
        """Take the key of a row that counts without a close, if it can be read."""
        self.key = None
        if record:
            try:
                self.see(record)
            except LabelError as error:
                if error.stops:
                    raise


class InputKey:
    """Has `keys` take the key of the current input for each of its rows, bad ones too; `key` is None if it has none."""

    def __init__(self, keys: Keys) -> None:
        self.key: bytes | None = None
        self.usual = None
        self._keys = keys

    def begin(self, name: str | None, pattern: str) -> None:
        """Find the key in the name of the next input; InputError if there is none."""
        self.key = None if name is None else key_in(name, pattern).encode("utf-8", "backslashreplace")

    def see(self, record: Sequence[bytes]) -> None:  # noqa: ARG002 - all rows have the same key
        """Take the key for a row."""
        if self.key is None:
            raise LabelError("an input whose name has its key (`@file`)", "one without a name")
        self._keys.take(self.key)

    def see_bad(self, record: Sequence[bytes] | None) -> None:
        """Take the key for a row that counts without a close."""
        self.see(record or [])
