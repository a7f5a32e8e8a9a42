"""Sniff: how the first rows of the inputs are read, or why they are not, with the doubts of a job by then."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.config import BY_NAME
from stream_signal.core.errors import StreamSignalError
from stream_signal.core.findings import BACKWARDS
from stream_signal.core.layout.layout import find_column
from stream_signal.core.layout.roles import candidates_of, columns_of
from stream_signal.core.limits import FIRST_ROWS
from stream_signal.core.observe import Observer
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.core.stream import SignalStream
from stream_signal.hints.doubts import head_lines
from stream_signal.job.doubts import doubts_in
from stream_signal.job.drive import read_first
from stream_signal.job.hints import advised
from stream_signal.job.sources import reversal_of, source_of
from stream_signal.order import Order

if TYPE_CHECKING:
    from stream_signal.core.config import Config
    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.layout.roles import Column
    from stream_signal.core.rows import Rows, Seen
    from stream_signal.hints.doubts import Doubt
    from stream_signal.stopping import StopSignals

# Enough rows to say why a column is that of the time.
_MOST_ROWS = 1000


class Sniffed(NamedTuple):
    """What is known of the layout of an input."""

    encoding: str | None
    """None if the input was refused before any of these was known"""
    has_header: bool
    header: int | None
    """the number of its line; None if blank ones may be above it"""
    delimiter: str | None
    order: str
    """oldest first, newest first, out of order, or unknown"""
    columns: list[Column]
    doubts: list[Doubt]
    error: StreamSignalError | None
    """why it was refused"""


class _Cells(Observer):
    """Keeps the cells of the first rows."""

    sees_windows = False

    def __init__(self) -> None:
        self.wants = _MOST_ROWS
        self.rows: list[list[str]] = []
        self._layout: Layout | None = None

    def begin(self, header: Layout) -> None:
        """Receive the layout."""
        self._layout = header

    def see(self, rows: Rows, seen: Seen) -> None:  # noqa: ARG002 - windows are of no use here
        """Keep the cells of rows."""
        assert self._layout  # noqa: S101 - it begins before the first row
        count = min(_MOST_ROWS - len(self.rows), len(rows))
        self.wants = _MOST_ROWS - len(self.rows) - count
        texts = [rows.texts(at, count) for at in range(self._layout.width)]
        cells = [[text.decode(self._layout.encoding, "replace").strip() for text in column] for column in texts]
        self.rows += map(list, zip(*cells, strict=True))


def sniff(names: tuple[str, ...], config: Config, stop: StopSignals) -> Sniffed:
    """Read the first rows of the inputs as a job does, and return what is known of their layout."""
    times, cells = TimeOrder(config.time_column), _Cells()
    stream = SignalStream(config, [times, cells])
    error, is_whole = None, False
    try:
        is_whole = read_first(stream, source_of(names, config), FIRST_ROWS, stop)
        if is_whole:
            stream.finish()
    except StreamSignalError as refused:
        error = refused
        error.hint = advised(error, names, config)
    layout = stream.header
    if layout is None:
        lines = _lines_of(error)
        delimiter, columns = candidates_of(lines, config.delimiter) if lines else (None, [])
        return Sniffed(None, False, None, delimiter, "unknown", columns, [], error)
    columns = columns_of(layout, cells.rows, config, _symbols(layout, config, times))
    reversal = partial(reversal_of, Order(names))
    doubts = [] if error else doubts_in(stream, times, reversal, so_far=not is_whole)
    header = head_lines(stream) if layout.line else None
    order = _order_of(times, config)
    return Sniffed(layout.encoding, bool(layout.line), header, layout.delimiter, order, columns, doubts, error)


def _symbols(layout: Layout, config: Config, times: TimeOrder) -> dict[int, str]:
    """Return the positions of the columns that have symbols for another reason than their names, and why."""
    if config.key is None:
        return dict.fromkeys(times.symbols, "times only rise for each")
    by_column = config.is_keyed and config.key != BY_NAME
    return {find_column(layout, config.key, "key"): "--key"} if by_column else {}


def _order_of(times: TimeOrder, config: Config) -> str:
    if not times.pairs:
        return "unknown"
    if times.newest_first or BACKWARDS not in times.counts:
        return "newest first" if times.newest_first != config.newest_first else "oldest first"
    return "out of order"


def _lines_of(error: StreamSignalError | None) -> list[bytes]:
    """Return the first lines of an input that was refused, as far as the error has them."""
    facts: dict[str, Any] = error.clue[1] if error and error.clue else {}
    lines = [line for _, line in facts.get("lines", ())] or [facts.get("line", b"") or b""]
    return [line for line in lines if line]
