"""Keys: many series in one stream, each with its own window, in the order in which they first came.

    BTC,4.58 | ETH,2.11 | BTC,4.59 | SOL,0.97 | ETH,2.12          BTC   4.58 4.59
                                                                  ETH   2.11 2.12
                                                                  SOL   0.97

A key is compared as the bytes of its field, without the spaces around them. A row whose key cannot be read may belong
to any of them, so it empties every window: that is noted in O(1), and each window is emptied when its next row comes.
Memory is a window for each key; if the keys are grouped, it is one window. What the keys hold is bounded.
"""

from __future__ import annotations

from itertools import islice, repeat
from typing import TYPE_CHECKING

from stream_signal.core.errors import shown
from stream_signal.core.key_column import find_key
from stream_signal.core.labels import MOST_KEYS_BYTES, LabelError, check_length
from stream_signal.core.names import key_in
from stream_signal.core.rolling import RollingMean
from stream_signal.core.state import KeyState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from stream_signal.core.blocks.key_rings import KeyRings
    from stream_signal.core.header import Header
    from stream_signal.core.key_segments import KeyHeads
    from stream_signal.core.tally import Tally
    from stream_signal.core.ticks import Close

# The number of a row whose key could not be read.
NO_KEY = -1


class KeyTally:
    """Counts of one key, beside those in the rings; `mean` is its window, None while it is empty or elsewhere.

    `number` counts the keys from 0, as they came. `cleared` is how often all windows had been emptied when its last row
    came.
    """

    __slots__ = ("cleared", "mean", "number", "rows", "signals")

    def __init__(self, number: int) -> None:
        self.number = number
        self.rows = 0
        self.signals = 0
        self.mean: RollingMean | None = None
        self.cleared = 0


class Keys:
    """Counts the rows of each key, and all of them in `totals`; the mean of that one is not used.

    At most `most` keys are taken. If they are `grouped`, each comes in one run, and only the last has a window.
    `with_mean` counts the rows that end a full window, `cleared` how often all windows were emptied.

    The block engine has the windows of many keys in arrays of its own, its `rings`, and what it counted with them. A
    window is there or here, and moves when a row of its key is read by the other engine; counts stay where they are.

    >>> from stream_signal.core.tally import Tally
    >>> keys = Keys(Tally(window=2))
    >>> [keys.push(key, (close, 0)) for key, close in ((b"A", 1), (b"B", 9), (b"A", 2), (b"B", 8))]
    [False, False, True, False]
    >>> list(keys.counts())
    [(b'A', 2, 1), (b'B', 2, 0)]
    """

    def __init__(self, totals: Tally, most: int = 100_000, *, grouped: bool = False) -> None:
        self.totals = totals
        self.window = totals.mean.window
        self.most = most
        self.grouped = grouped
        self.with_mean = 0
        self.cleared = 0
        self.rings: KeyRings | None = None
        self.heads: KeyHeads | None = None
        """collects the first closes of each key, if these rows are counted apart from a stream"""
        self.size = 0
        """bytes of all keys"""
        self._tallies: dict[bytes, KeyTally] = {}
        self.by_number: list[KeyTally] = []

    def counts(self) -> Iterator[tuple[bytes, int, int]]:
        """Yield each key, its rows and its signals, in the order in which the keys came."""
        elsewhere = self.rings.counts() if self.rings else repeat((0, 0))
        for (key, tally), (rows, signals) in zip(self._tallies.items(), elsewhere, strict=False):
            yield key, tally.rows + rows, tally.signals + signals

    @property
    def count(self) -> int:
        """How many keys have come."""
        return len(self._tallies)

    def __contains__(self, key: bytes) -> bool:
        return key in self._tallies

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._tallies)

    def number(self, key: bytes) -> int:
        """Return the number of a key, from 0, and take it if it is new, without a check of the order of the rows."""
        return (self._tallies.get(key) or self._add(key)).number

    def follow(self, others: Keys) -> None:
        """Take the keys that others have taken, so that the numbers are the same."""
        for key in islice(others, self.count, None):
            self.number(key)

    def take(self, key: bytes) -> KeyTally:
        """Return the tally of a key; LabelError if it is one too many, or comes back although they are grouped."""
        tally = self._tallies.get(key)
        if tally is None:
            return self._add(key)
        if self.grouped and tally is not self.by_number[-1]:
            last = next(reversed(self._tallies))
            raise LabelError(
                "each key in one run (`grouped`)",
                f"{shown(key)} again, after {shown(last)}",
                "leave out --grouped, or sort the rows by their key, without changing the order within each",
            )
        return tally

    def _add(self, key: bytes) -> KeyTally:
        check_key(key)
        if len(self._tallies) == self.most:
            raise LabelError(
                f"at most {self.most} keys (`max_keys`)",
                f"one more, {shown(key)}",
                "is this the column of the symbols? if it is, set a higher --max-keys",
            )
        if self.size + len(key) > MOST_KEYS_BYTES:
            raise LabelError(
                f"keys of at most {MOST_KEYS_BYTES} bytes together",
                f"one more, {shown(key)}",
                "is this the column of the symbols?",
            )
        if self.heads:
            self.heads.begin()
        return self._begin(key)

    def has_room(self, new: Iterable[int]) -> bool:
        """Whether new keys of so many bytes each can be taken."""
        sizes = list(new)
        return self.count + len(sizes) <= self.most and self.size + sum(sizes) <= MOST_KEYS_BYTES

    def _begin(self, key: bytes) -> KeyTally:
        self.size += len(key)
        tally = self._tallies[key] = KeyTally(len(self._tallies))
        self.by_number.append(tally)
        return tally

    def push(self, key: bytes | None, close: Close) -> bool:
        """Count a row, whose key is None if it could not be read; return whether it signals."""
        totals = self.totals
        totals.rows += 1
        if key is None:
            self.cleared += 1
            if self.heads:
                self.heads.break_all()
            return False
        tally = self._tallies.get(key) or self.take(key)
        tally.rows += 1
        mean = tally.mean
        if mean is None or tally.cleared != self.cleared:
            mean = self.mean_of(tally)
        if close is None:
            mean.clear()
            above = full = False
        else:
            above, full = mean.push(*close), len(mean.ring) == self.window
            tally.signals += above
            totals.signals += above
            self.with_mean += full
        if self.heads:
            self.heads.see(tally.number, close, full=full)
        return above

    def mean_of(self, tally: KeyTally) -> RollingMean:
        """Return the window of a key, from the block engine if it is there, and emptied if it is to be."""
        mean = tally.mean
        if mean is None:
            mean = tally.mean = RollingMean(self.window)
            if self.grouped and tally.number:
                self.by_number[tally.number - 1].mean = None
            if self.rings:
                self.rings.move_out(tally, mean)
        if tally.cleared != self.cleared:
            tally.cleared = self.cleared
            mean.clear()
        return mean

    @property
    def longest(self) -> int:
        """The rows of the key that has the most."""
        return max((rows for _, rows, _ in self.counts()), default=0)

    def state(self) -> dict[bytes, KeyState]:
        """Return what `restore` needs in another process."""
        return {
            key: self._state_of(tally, rows, signals)
            for tally, (key, rows, signals) in zip(self.by_number, self.counts(), strict=True)
        }

    def _state_of(self, tally: KeyTally, rows: int, signals: int) -> KeyState:
        if self.grouped and tally is not self.by_number[-1]:
            return KeyState(rows, signals, [], 0)
        if tally.mean is None and self.rings:
            mean = RollingMean(self.window)
            cleared = self.rings.copy_out(tally, mean)
        else:
            mean, cleared = tally.mean or RollingMean(self.window), tally.cleared
        return KeyState(rows, signals, mean.held() if cleared == self.cleared else [], mean.places)

    def restore(self, saved: Mapping[bytes, KeyState], with_mean: int) -> None:
        """Continue from what `state` returned, after as many rows with a mean; the totals are restored elsewhere."""
        for key, state in saved.items():
            tally = self._begin(key)
            tally.rows, tally.signals = state.rows, state.signals
            if state.ring:
                tally.mean = RollingMean(self.window)
                tally.mean.restore(state.ring, state.places)
        self.with_mean = with_mean


def check_key(key: bytes) -> None:
    """Raise LabelError if a key is too long, or not UTF-8."""
    check_length(key, stops=False)
    try:
        key.decode()
    except UnicodeDecodeError:
        raise LabelError("a key in UTF-8", shown(key), stops=False) from None


class KeyColumn:
    """Reads the key of each row from the column at `position`, from 0, and has `keys` take it.

    `key` is that of the last row; None if it could not be read.
    """

    def __init__(self, keys: Keys, header: Header, column: str | int) -> None:
        self.key: bytes | None = None
        self.position = find_key(header, column)
        self.usual = None
        self.take: Callable[[bytes], object] = keys.take
        """what a key is given to; the block engine has another use for those of odd lines"""
        self._name = shown(header.names[self.position]) if header.names else str(self.position + 1)

    def see(self, record: Sequence[bytes]) -> None:
        """Take the key of a row; LabelError if it has none."""
        self.key = None
        key = record[self.position].strip(b" ")
        if not key:
            raise LabelError(f"a key in column {self._name}", shown(key), stops=False)
        self.take(key)
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
