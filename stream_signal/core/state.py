"""State: a stream between two rows, as a value that another process can resume from, and its JSON.

The JSON comes from outside and may be damaged or made up: every part of it is checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.config import DELIMITERS
from stream_signal.core.header import Header
from stream_signal.core.labels import MOST_KEYS_BYTES, MOST_LABEL_BYTES
from stream_signal.core.repairs import Place, Repairs
from stream_signal.core.ticks import MAX_DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self


# More rows or bytes than any stream has; file offsets and NumPy's integers have room for more.
MAX_COUNT = 2**53


class KeyState(NamedTuple):
    """One key of a stream between two rows."""

    rows: int
    signals: int
    ring: list[int]
    """the closes in its window, oldest first, times 10**places"""
    places: int


class WindowState(NamedTuple):
    """What another window adds to a stream between two rows."""

    signals: int
    ring: list[int]
    """the closes in the window, oldest first, times 10**places"""
    places: int
    rows_without_mean: int | None
    """those up to the last missing close; with keys, all of them"""
    keys: dict[bytes, KeyState] | None
    """each key, as in the state of the stream"""


class State(NamedTuple):
    """A stream between two rows: `SignalStream.state` returns it, `SignalStream.from_state` resumes from it."""

    rows: int
    signals: int
    header: Header | None
    """None while it is unknown"""
    offset: int
    """bytes of the current part before the first row that is not counted"""
    line: int
    """lines in those bytes"""
    repairs: Repairs
    """those before that offset"""
    ring: list[int]
    """the closes in the window, oldest first, times 10**places"""
    places: int
    observed: dict[str, Any] = {}  # noqa: RUF012 - never changed
    """what each observer needs to resume, by its name"""
    rows_without_mean: int | None = None
    """those up to the last missing close; None if unknown; with keys, all of them"""
    keys: dict[bytes, KeyState] | None = None
    """each key, in the order in which they first came; None if the stream has no keys"""
    symbols: tuple[str | None, ...] = ()
    """the value of each column of symbols, if the stream looks at them"""
    more: tuple[WindowState, ...] = ()
    """of each further window"""

    def as_json(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        header = None
        if self.header:
            line, names = self.header.line.decode("latin-1"), list(self.header.names)
            header = {**self.header._asdict(), "line": line, "names": names}
        repairs = {
            "counts": self.repairs.counts,
            "first": {kind: list(map(list, places)) for kind, places in self.repairs.first.items()},
        }
        own = {"header": header, "repairs": repairs, "keys": _keys_as_json(self.keys), "symbols": list(self.symbols)}
        more = [{**each._asdict(), "keys": _keys_as_json(each.keys)} for each in self.more]
        return {**self._asdict(), **own, "more": more}

    @classmethod
    def from_json(cls, found: object, window: int, windows: Sequence[int] = ()) -> Self:
        """Read it from JSON, as the state of a stream with these windows; raise ValueError if it cannot be one."""
        saved = _fields(found, cls._fields)
        ring = _list(saved["ring"], int)
        if not isinstance(saved["more"], list) or len(saved["more"]) != len(windows):
            raise ValueError("expected the state of each further window")
        state = cls(
            rows=natural(saved["rows"]),
            signals=natural(saved["signals"]),
            header=None if saved["header"] is None else _header(saved["header"]),
            offset=natural(saved["offset"]),
            line=natural(saved["line"]),
            repairs=_repairs(saved["repairs"]),
            ring=ring,
            places=natural(saved["places"]),
            observed=_mapping(saved["observed"]),
            rows_without_mean=None if saved["rows_without_mean"] is None else natural(saved["rows_without_mean"]),
            keys=None if saved["keys"] is None else _keys(saved["keys"], window),
            symbols=_symbols(saved["symbols"]),
            more=tuple(_window(each, size) for each, size in zip(saved["more"], windows, strict=True)),
        )
        own = WindowState(state.signals, ring, state.places, state.rows_without_mean, state.keys)
        if (state.header is None and (state.rows or state.offset)) or not all(
            _is_consistent(each, size, state.rows)
            for each, size in zip((own, *state.more), (window, *windows), strict=True)
        ):
            raise ValueError("counts that contradict each other")
        return state


def as_value(found: Any) -> Any:
    """Return a copy of values that JSON can hold, in which nothing changes as what they were taken from goes on.

    >>> counts = {"repeated": 1}
    >>> taken = as_value({"counts": counts, "last": ("60", 1)})
    >>> counts["repeated"] = 2
    >>> taken
    {'counts': {'repeated': 1}, 'last': ['60', 1]}
    """
    if isinstance(found, dict):
        return {key: as_value(each) for key, each in found.items()}
    if isinstance(found, (list, tuple)):
        return list(map(as_value, found))
    return found


def _is_consistent(state: WindowState, window: int, all_rows: int) -> bool:
    """Whether the counts of a window fit each other; rows whose key could not be read are only among all rows."""
    if (
        state.signals > all_rows
        or len(state.ring) > min(window, all_rows)
        or (state.rows_without_mean or 0) + len(state.ring) > all_rows
        or not _fit(state.ring, state.places)
    ):
        return False
    if state.keys is None:
        return True
    rows, signals = sum(key.rows for key in state.keys.values()), sum(key.signals for key in state.keys.values())
    return not state.ring and state.rows_without_mean is not None and rows <= all_rows and signals == state.signals


def _window(found: object, window: int) -> WindowState:
    saved = _fields(found, WindowState._fields)
    return WindowState(
        signals=natural(saved["signals"]),
        ring=_list(saved["ring"], int),
        places=natural(saved["places"]),
        rows_without_mean=None if saved["rows_without_mean"] is None else natural(saved["rows_without_mean"]),
        keys=None if saved["keys"] is None else _keys(saved["keys"], window),
    )


def _keys_as_json(keys: dict[bytes, KeyState] | None) -> dict[str, Any] | None:
    return None if keys is None else {key.decode("latin-1"): list(each) for key, each in keys.items()}


def _keys(found: object, window: int) -> dict[bytes, KeyState]:
    keys: dict[bytes, KeyState] = {}
    for key, saved in _mapping(found).items():
        if not isinstance(saved, list) or len(saved) != len(KeyState._fields):
            raise ValueError("expected the counts of a key")
        rows, signals, places = map(natural, (saved[0], saved[1], saved[3]))
        state = KeyState(rows, signals, _list(saved[2], int), places)
        if signals > rows or len(state.ring) > min(window, rows) or not _fit(state.ring, places):
            raise ValueError("counts of a key that contradict each other")
        keys[_label(key)] = state
    if sum(map(len, keys)) > MOST_KEYS_BYTES:
        raise ValueError("keys that are too long together")
    return keys


def _label(found: object) -> bytes:
    label = _bytes(found)
    if len(label) > MOST_LABEL_BYTES:
        raise ValueError("a symbol that is too long")
    return label


def _fit(ring: list[int], places: int) -> bool:
    return places <= MAX_DIGITS and all(abs(ticks) < 10 ** (MAX_DIGITS + places) for ticks in ring)


def _symbols(found: object) -> tuple[str | None, ...]:
    if not isinstance(found, list):
        raise ValueError("expected a list of symbols")  # noqa: TRY004 - in JSON, a wrong type is a wrong value
    for symbol in found:
        if symbol is not None:
            _label(symbol)
    return tuple(found)


def _header(found: object) -> Header:
    saved = _fields(found, Header._fields)
    line, delimiter = _bytes(saved["line"]), _text(saved["delimiter"])
    header = Header(
        line, tuple(_list(saved["names"], str)), delimiter, natural(saved["position"]), natural(saved["width"])
    )
    if delimiter not in DELIMITERS or header.position >= header.width or len(header.names) not in {0, header.width}:
        raise ValueError("no header")
    return header


def _repairs(found: object) -> Repairs:
    saved = _fields(found, ("counts", "first"))
    repairs = Repairs()
    repairs.counts = {kind: natural(count) for kind, count in _mapping(saved["counts"]).items()}
    repairs.first = {kind: list(map(_place, _list(first, list))) for kind, first in _mapping(saved["first"]).items()}
    return repairs


def _place(found: list[Any]) -> Place:
    if len(found) != len(Place._fields):
        raise ValueError("expected a place")
    line, text, source = found
    return Place(natural(line), _text(text), None if source is None else _text(source))


def _fields(found: object, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(found, dict) or set(found) != set(names):
        raise ValueError(f"expected the fields {', '.join(names)}")
    return found


def natural(found: object) -> int:
    """Return a count or an offset; raise ValueError if it is neither."""
    if type(found) is not int or not 0 <= found < MAX_COUNT:
        raise ValueError(f"expected an integer from 0 to {MAX_COUNT}")
    return found


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise ValueError("expected text")  # noqa: TRY004 - in JSON, a wrong type is a wrong value
    return found


def _mapping(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError("expected a mapping")  # noqa: TRY004 - likewise
    return found


def _bytes(found: object) -> bytes:
    return _text(found).encode("latin-1")


def _list(found: object, kind: type) -> list[Any]:
    if not isinstance(found, list) or any(type(entry) is not kind for entry in found):
        raise ValueError(f"expected a list of {kind.__name__}")
    return found
