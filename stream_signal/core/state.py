"""A stream as values: its state between two rows, which another process can resume from, and lines counted apart.

The JSON of a state comes from outside and may be damaged or made up: every part of it is checked.

    stream   |-- head --|--- stretch ---|--- stretch ---|--- stretch ---|- rest -|
                             counted in any order, and added to the stream in theirs

A stream that has read the head of an input says how its later lines are to be counted (`SignalStream.apart`). With
that, a stretch is counted on its own (`SignalStream.count_apart`), and added as if the stream had read it (`add`). That
is exact, or it is not done: not if its rows may depend on the lines before it, because of a quote, if it has a line
that is an error, or if an observer has to see its rows in order. The stream then reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.config import DELIMITERS
from stream_signal.core.findings import REPAIRS, Findings
from stream_signal.core.layout.encodings import ENCODINGS
from stream_signal.core.layout.layout import UTF_8, Layout
from stream_signal.core.limits import MAX_DIGITS, MOST_KEY_BYTES, MOST_KEYS_BYTES, Tuning, natural
from stream_signal.core.series.segment import Segment, Segments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from stream_signal.core.blocks.segments import ArraySegments
    from stream_signal.core.config import Config
    from stream_signal.core.layout.layout import Position
    from stream_signal.core.observe import Observer


class State(NamedTuple):
    """A stream between two rows: `SignalStream.state` returns it, `SignalStream.from_state` resumes from it."""

    header: Layout | None
    """how the rows are read; None while it is unknown"""
    offset: int
    """bytes of the current part before the first row that is not counted"""
    line: int
    """lines in those bytes"""
    repairs: Findings
    """those before that offset"""
    panel: Segments
    """what was counted, and the windows"""
    symbols: tuple[str | None, ...] = ()
    """the value of each column of symbols, if the stream looks at them"""
    observed: dict[str, Any] = {}  # noqa: RUF012 - never changed
    """what each observer needs to resume, by its name"""

    @property
    def rows(self) -> int:
        """Rows counted."""
        return self.panel.rows

    @property
    def signals(self) -> int:
        """Signals among them, for the first window."""
        return sum(windows[0].signals for windows in self.panel.series.values())

    def as_json(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        header, by_key = None, self.panel.series.items()
        if self.header:
            line, names = self.header.line.decode("latin-1"), list(self.header.names)
            below = [text.decode("latin-1") for text in self.header.below]
            header = {**self.header._asdict(), "line": line, "names": names, "below": below}
        return {
            "header": header,
            "offset": self.offset,
            "line": self.line,
            "repairs": self.repairs.as_json(),
            "rows": self.panel.rows,
            "full": self.panel.full,
            "series": {key.decode("latin-1"): list(map(_of_series, series)) for key, series in by_key},
            "symbols": list(self.symbols),
            "observed": self.observed,
        }

    @classmethod
    def from_json(cls, value: object, window: int, windows: Sequence[int] = ()) -> Self:
        """Read it from JSON, as the state of a stream with these windows; raise ValueError if it cannot be one."""
        names = ("header", "offset", "line", "repairs", "rows", "full", "series", "symbols", "observed")
        saved = _fields(value, names)
        state = cls(
            header=None if saved["header"] is None else _layout(saved["header"]),
            offset=natural(saved["offset"]),
            line=natural(saved["line"]),
            repairs=Findings.from_json(saved["repairs"], REPAIRS),
            panel=_panel(saved, (window, *windows)),
            symbols=_symbols(saved["symbols"]),
            observed=_mapping(saved["observed"]),
        )
        if state.header is None and (state.rows or state.offset):
            raise ValueError("counts that contradict each other")
        return state


class Apart(NamedTuple):
    """How later lines of a stream are to be counted apart from it."""

    config: Config
    layout: Layout
    parts: tuple[Observer, ...]
    """an observer for each one of the stream"""
    symbols: tuple[str | None, ...] = ()
    """the value of each column of symbols so far; another one is an error"""
    tuning: Tuning = Tuning()
    """that of the stream"""


class Stretch(NamedTuple):
    """What was counted in a stretch of whole lines."""

    size: int
    """bytes"""
    lines: int
    layout: Layout
    """how the rows were read"""
    segments: Segments | ArraySegments
    """of each key, for each window"""
    repairs: Findings
    """with lines counted from the start of the stretch"""
    parts: tuple[Observer, ...]
    """what each observer would have seen, with rows counted from the start of the stretch"""
    symbols: tuple[str | None, ...] = ()
    """the value of each column of symbols"""


class NotApart(Exception):  # noqa: N818 - nothing has failed
    """A stretch cannot be counted apart from the lines before it; the text says why."""


def as_value(value: Any) -> Any:
    """Return a deep copy of values that JSON can hold: what they were taken from may change.

    >>> counts = {"repeated": 1}
    >>> taken = as_value({"counts": counts, "last": ("60", 1)})
    >>> counts["repeated"] = 2
    >>> taken
    {'counts': {'repeated': 1}, 'last': ['60', 1]}
    """
    if isinstance(value, dict):
        return {key: as_value(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return list(map(as_value, value))
    return value


def _panel(saved: dict[str, Any], windows: Sequence[int]) -> Segments:
    rows = natural(saved["rows"])
    full = [None if count is None else natural(count) for count in _list_of(saved["full"], len(windows))]
    series: dict[bytes, list[Segment]] = {}
    for key, saved_series in _mapping(saved["series"]).items():
        states = _list_of(saved_series, len(windows))
        series[_key(key)] = [_series(state, window) for state, window in zip(states, windows, strict=True)]
        full = [None if state[2] is None else count for state, count in zip(states, full, strict=True)]
    if sum(map(len, series)) > MOST_KEYS_BYTES:
        raise ValueError("keys that are too long together")
    for at in range(len(windows)):
        if sum(states[at].rows for states in series.values()) > rows:
            raise ValueError("counts that contradict each other")
    return Segments(rows, full, series)


def _of_series(segment: Segment) -> list[Any]:
    return [segment.rows, segment.signals, segment.full, list(segment.tail), segment.places]


def _series(saved: Any, window: int) -> Segment:
    rows, signals, full, tail, places = _list_of(saved, 5)
    full = 0 if full is None else natural(full)
    tail = tuple(_list(tail, int))
    segment = Segment(window, natural(rows), full, natural(signals), (), tail, natural(places), broken=True)
    if (
        signals > rows
        or len(tail) > min(window, rows)
        or full + min(len(tail), window - 1) > rows
        or places > MAX_DIGITS
        or not all(abs(ticks) < 10 ** (MAX_DIGITS + places) for ticks in tail)
    ):
        raise ValueError("counts that contradict each other")
    return segment


def _key(saved: object) -> bytes:
    key = _bytes(saved)
    if len(key) > MOST_KEY_BYTES:
        raise ValueError("a symbol that is too long")
    return key


def _symbols(saved: object) -> tuple[str | None, ...]:
    if not isinstance(saved, list):
        raise ValueError("expected a list of symbols")  # noqa: TRY004 - in JSON, a wrong type is a wrong value
    for symbol in saved:
        if symbol is not None:
            _key(symbol)
    return tuple(saved)


def _layout(value: object) -> Layout:
    unknown: dict[str, Any] = {"time": None, "encoding": UTF_8, "format": None, "below": []}  # to earlier versions
    saved = _fields(unknown | _mapping(value), Layout._fields)
    line, delimiter = _bytes(saved["line"]), _text(saved["delimiter"])
    names, width = tuple(_list(saved["names"], str)), natural(saved["width"])
    encoding, format_name = _text(saved["encoding"]), _format(saved["format"], width)
    time, below = _time(saved["time"], width), tuple(map(_bytes, _list(saved["below"], str)))
    layout = Layout(line, names, delimiter, natural(saved["position"]), width, time, encoding, format_name, below)
    if encoding not in {UTF_8, *ENCODINGS}:
        raise ValueError("no encoding")
    if delimiter not in DELIMITERS or layout.position >= layout.width or len(layout.names) not in {0, layout.width}:
        raise ValueError("no header")
    return layout


def _time(saved: Any, width: int) -> Position | None:
    if saved is None or type(saved) is int:
        return None if saved is None else natural(saved, width - 1)
    date, clock = _list_of(saved, 2)
    return natural(date, width - 1), natural(clock, width - 1)


def _format(saved: Any, width: int) -> str | None:
    if saved is None:
        return None
    from stream_signal.core.formats import FORMATS

    name = _text(saved)
    if name not in FORMATS or width not in FORMATS[name].widths:
        raise ValueError("no format")
    return name


def _fields(saved: object, names: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(saved, dict) or set(saved) != set(names):
        raise ValueError(f"expected the fields {', '.join(names)}")
    return saved


def _text(saved: object) -> str:
    if not isinstance(saved, str):
        raise ValueError("expected text")  # noqa: TRY004 - in JSON, a wrong type is a wrong value
    return saved


def _mapping(saved: object) -> dict[str, Any]:
    if not isinstance(saved, dict):
        raise ValueError("expected a mapping")  # noqa: TRY004 - likewise
    return saved


def _bytes(saved: object) -> bytes:
    return _text(saved).encode("latin-1")


def _list(saved: object, kind: type) -> list[Any]:
    if not isinstance(saved, list) or any(type(entry) is not kind for entry in saved):
        raise ValueError(f"expected a list of {kind.__name__}")
    return saved


def _list_of(saved: object, count: int) -> list[Any]:
    if not isinstance(saved, list) or len(saved) != count:
        raise ValueError(f"expected a list of {count}")
    return saved
