"""A stream between two rows, as a value: what it takes to go on in another process, and its JSON.

The JSON is data from outside, damaged perhaps or made up: each part of it is taken with one meaning or refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.config import DELIMITERS
from stream_signal.core.header import Header
from stream_signal.core.repairs import Repairs
from stream_signal.core.ticks import MAX_DIGITS

if TYPE_CHECKING:
    from typing import Self


# More rows or bytes than there will be; the offsets of a file, and the numbers of NumPy, go on a little beyond.
MAX_COUNT = 2**53


class State(NamedTuple):
    """A stream between two rows: `SignalStream.state` returns it, `SignalStream.from_state` goes on from it."""

    rows: int
    signals: int
    header: Header | None
    """None where it is not known yet"""
    offset: int
    """bytes of the current part up to the first row that is not counted"""
    line: int
    """lines among them"""
    repairs: Repairs
    """those up to there"""
    ring: list[int]
    """the closes in the window, oldest first, times 10**places"""
    places: int
    time: bytes = b""
    """the last of the rows, where the order of the times is looked at"""
    time_column: str | int | None = None
    """what was asked for as their column"""

    def as_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        header = None
        if self.header:
            line, names = self.header.line.decode("latin-1"), list(self.header.names)
            header = {**self.header._asdict(), "line": line, "names": names}
        repairs = {"counts": self.repairs.counts, "first": self.repairs.first}
        return {**self._asdict(), "header": header, "repairs": repairs, "time": self.time.decode("latin-1")}

    @classmethod
    def from_json(cls, found: object, window: int) -> Self:
        """Take it from JSON, as the state of a stream with this window; ValueError where it cannot be one."""
        saved = _fields(found, cls._fields)
        ring = _list(saved["ring"], int)
        state = cls(
            rows=natural(saved["rows"]),
            signals=natural(saved["signals"]),
            header=None if saved["header"] is None else _header(saved["header"]),
            offset=natural(saved["offset"]),
            line=natural(saved["line"]),
            repairs=_repairs(saved["repairs"]),
            ring=ring,
            places=natural(saved["places"]),
            time=_bytes(saved["time"]),
            time_column=_column(saved["time_column"]),
        )
        if (
            state.signals > state.rows
            or len(ring) > min(window, state.rows)
            or state.places > MAX_DIGITS
            or any(abs(ticks) >= 10 ** (MAX_DIGITS + state.places) for ticks in ring)
            or (state.header is None and (state.rows or state.offset))
        ):
            raise ValueError("counts that contradict each other")
        return state


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
    counts, first = saved["counts"], saved["first"]
    if not isinstance(counts, dict) or not isinstance(first, dict):
        raise ValueError("no repairs")  # noqa: TRY004 - whatever is wrong with it, it is a wrong value
    repairs.counts = {kind: natural(count) for kind, count in counts.items()}
    repairs.first = {kind: _list(words, str) for kind, words in first.items()}
    return repairs


def _fields(found: object, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(found, dict) or set(found) != set(names):
        raise ValueError(f"expected the fields {', '.join(names)}")
    return found


def natural(found: object) -> int:
    """Take a count or an offset; ValueError where it is none."""
    if type(found) is not int or not 0 <= found < MAX_COUNT:
        raise ValueError(f"expected an integer from 0 to {MAX_COUNT}")
    return found


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise ValueError("expected text")  # noqa: TRY004 - see above
    return found


def _column(found: object) -> str | int | None:
    return found if found is None or isinstance(found, str) else natural(found)


def _bytes(found: object) -> bytes:
    return _text(found).encode("latin-1")


def _list(found: object, kind: type) -> list[Any]:
    if not isinstance(found, list) or any(type(entry) is not kind for entry in found):
        raise ValueError(f"expected a list of {kind.__name__}")
    return found
