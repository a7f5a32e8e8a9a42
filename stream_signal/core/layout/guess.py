"""What the first lines of an input look like, by their content: rows or a header, and which column has the close.

A guess looks at what the readers must not, such as the order of the prices in a row: it never decides how anything is
read. Pure functions, which run once, when no header is found.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.foreign import BINARY
from stream_signal.core.layout.prices import closes_of_formats, number_of, step_between
from stream_signal.core.quotes import cells_in
from stream_signal.core.ticks import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.config import Config

    Lines = Sequence[tuple[int, bytes]]  # the first lines of an input that are not blank, with their numbers

NUMBER = re.compile(
    r"[+-]?(?:[0-9]+(?:[.,][0-9]+)*|[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
).fullmatch
TIME = re.compile(
    r"[0-9]{9,19}(?:\.[0-9]+)?|(?:19|20)[0-9]{6}(?:[ T]?[0-9]{2,6})?"  # an epoch in s to ns, 20240310 170000
    r"|(?:19|20)[0-9]{2}[-./][0-9]{1,2}[-./][0-9]{1,2}(?:[ T].*)?"
    r"|[0-9]{1,2}[-./][0-9]{1,2}[-./](?:(?:19|20)?[0-9]{2})(?:[ T].*)?|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?"
).fullmatch
_WORD = re.compile(r"[^\W\d_]").search
_LEAST_PAIRS = 5  # of rows that follow each other, before they tell an open from a close
_CLEAR = 0.5  # the steps from close to open, as a share of those from open to close
# The prices of a row by their order, from that of the first one on: open, high, low, close.
_ORDERS = {"OHLC": (0, 1, 2, 3), "OCHL": (0, 2, 3, 1), "LHOC": (2, 1, 0, 3)}
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|head|body|script|\?xml|!--|rss|error)\b", re.IGNORECASE)
# What the beginning of an input may be that is no CSV.
JSON, HTML, XML, CARRIAGE_RETURNS = "JSON", "HTML", "XML", "lines that end in CR alone"


class Times(NamedTuple):
    """Where the timestamps seem to be, and which way they go."""

    position: int
    direction: int


class Guess(NamedTuple):
    """Where a row seems to have its close: the number of its column, from 1, and the order of the prices."""

    column: int
    order: str | None


def kind_of(text: bytes) -> str | None:
    """Return what the beginning of an input is, if it is no CSV.

    >>> kind_of(b'{"error": []}'), kind_of(b"time,close")
    ('JSON', None)
    """
    if _CONTROLS.search(text):
        return BINARY
    if text.lstrip()[:1] in {b"{", b"["}:
        return JSON
    if _MARKUP.match(text):
        return XML if b"<?xml" in text[:20].lower() else HTML
    return CARRIAGE_RETURNS if b"\r" in text.rstrip(b"\r") else None


def are_ambiguous(lines: Lines, config: Config) -> bool:
    """Whether the first lines of an input are rows without a header, and more of them may tell their close."""
    rows = rows_in(lines, config)
    if not rows or kind_of(lines[0][1]):
        return False
    return len(find_close(alike(rows), delimiter_of(lines[-len(rows)][1], config))) > 1


def rows_in(lines: Lines, config: Config) -> list[list[str]]:
    """Return the cells of the lines from the first row on; none if there is no row, or a header above it."""
    rows = [cells_of(line, config) for _, line in lines]
    first = next((at for at, row in enumerate(rows) if is_data(row)), len(rows))
    if 0 < first < len(rows) and len(rows[first - 1]) == len(rows[first]) and is_header(rows[first - 1]):
        return []  # it has another column
    return rows[first:]


def alike(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows that look like the first one, which is data."""
    return [row for row in rows if len(row) == len(rows[0]) and is_data(row)]


def find_close(rows: Sequence[Sequence[str]], delimiter: str = ",") -> list[Guess]:
    """Guess the column of the close from some rows: of four prices, none is above the high or below the low.

    Returns each order that fits the rows; only one that is alone may be proposed.

    >>> find_close([["1700000000", "2", "4", "1", "3", "9"]])
    [Guess(column=5, order='OHLC')]
    >>> {guess.column for guess in find_close([["1700000000", "2", "2", "2", "2", "9"]])}
    {3, 5}
    >>> find_close([["1700000000", "42"]])
    [Guess(column=2, order=None)]
    """
    width = len(rows[0])
    rows = [row for row in rows if len(row) == width]
    known = closes_of_formats(rows, delimiter, times_of(rows))
    if len(known) == 1:
        return [Guess(known[0].position + 1, known[0].order)]
    prices = [[None if TIME(cell) else number_of(cell) for cell in row] for row in rows]
    for start in range(width - 3):
        found = [
            Guess(start + places[3] + 1, order)
            for order, places in _ORDERS.items()
            if _fits([[row[start + place] for place in places] for row in prices])
        ]
        if found and len({guess.column for guess in found}) == 1 < len(found):
            return [Guess(found[0].column, None)]
        if found:
            return _without_mirrored(found, start, rows, prices, delimiter)
    numbers = [at for at in range(width) if all(row[at] is not None for row in prices)]
    return [Guess(numbers[0] + 1, None)] if len(numbers) == 1 else []


def _fits(candles: list[list[float | None]]) -> bool:
    """Whether rows may be candles of an order: all that tell, but for one in a hundred, as exchanges make mistakes."""
    if not any(_is_candle(candle) for candle in candles):
        return False
    telling = [candle for candle in candles if len(set(candle)) > 1 and None not in candle]
    return sum(map(_is_candle, telling)) >= 0.99 * len(telling)


def _without_mirrored(
    found: list[Guess], start: int, rows: list[Sequence[str]], prices: list[list[float | None]], delimiter: str
) -> list[Guess]:
    """Add the orders that no single row can tell from those found, open and close exchanged, unless the rows can.

    A candle opens near the close of the one before. Known layouts are what they are; a file without a header that
    begins with the close has been seen with the volume before it. Any other is doubted where the rows speak against it.
    """
    if len(found) > 1 or known_format(rows, delimiter, found[0]):
        return found
    order, volume = found[0].order or "", start and all(row[start - 1] is not None for row in prices)
    mirrored = Guess(start + _ORDERS[order][0] + 1, f"{order} from its close")
    opens, closes = ([row[guess.column - 1] or 0.0 for row in prices] for guess in (mirrored, found[0]))
    way = direction(rows)
    step, exchanged = step_between(opens, closes, way), step_between(closes, opens, way)
    if way and len(rows) > _LEAST_PAIRS and min(step.ratio, exchanged.ratio) < _CLEAR:
        return [found[0] if step.ratio < exchanged.ratio else mirrored]
    if way and step.z < 0:
        return [mirrored, found[0]]
    return [found[0], mirrored] if order == "OCHL" or (order == "OHLC" and volume) else found


def times_of(rows: Sequence[Sequence[str]]) -> Times | None:
    """Return the first column whose cells all look like times, and which way they go; None if there is none."""
    columns = list(zip(*rows, strict=True))
    at = next((at for at, column in enumerate(columns) if all(map(TIME, column))), None)
    return None if at is None else Times(at, direction(rows))


def direction(rows: Sequence[Sequence[str]]) -> int:
    """Return 1 if the times of rows rise, -1 if they fall, 0 if that is unknown."""
    for column in zip(*rows, strict=True):
        if all(TIME(cell) and re.match("[0-9]{4}", cell) for cell in column):
            steps = {(a < b) - (a > b) for a, b in pairwise(column)} - {0} if len({*map(len, column)}) == 1 else set()
            return steps.pop() if len(steps) == 1 else 0
    return 0


def known_format(rows: Sequence[Sequence[str]], delimiter: str, guess: Guess) -> str | None:
    """Return the name of the known layout (`--format`) that rows without a header have, or None.

    >>> known_format([["20240310 170000", "2", "4", "1", "3", "9"]], ";", Guess(5, "OHLC"))
    'histdata'
    """
    from stream_signal.core.formats import FORMATS

    for name, layout in FORMATS.items():
        roles = next((roles for roles in layout.roles if len(roles) == len(rows[0])), "")
        order = "".join(role for role in roles if role in "ohlc").upper()
        if layout.delimiter == delimiter and (roles.find("c") + 1, order) == guess and not layout.wrong_time(rows[0]):
            return name
    return None


def delimiter_of(line: bytes, config: Config) -> str:
    """Return the delimiter that a line seems to have: a comma may be within its numbers, the others are not."""
    return config.delimiter or next((mark for mark in (";", "\t", "|") if mark.encode() in line), ",")


def cells_of(line: bytes, config: Config) -> list[str]:
    """Return the cells of a line, at the delimiter that it seems to have."""
    return cells_in(line, delimiter_of(line, config))


def is_data(cells: Sequence[str]) -> bool:
    """Whether more than half of the cells are numbers or times."""
    return 2 * sum(1 for cell in cells if NUMBER(cell) or TIME(cell)) > len(cells)


def is_header(cells: Sequence[str]) -> bool:
    """Whether more than half of the cells are words, and none is a number or a time."""
    words = [cell for cell in cells if _WORD(cell) and cell.lower().encode() not in MISSING]
    return 2 * len(words) > len(cells) and not any(NUMBER(cell) or TIME(cell) for cell in cells)


def _is_candle(prices: Sequence[float | None]) -> bool:
    opened, high, low, close = prices
    if opened is None or high is None or low is None or close is None:
        return False
    return low <= min(opened, close) and max(opened, close) <= high
