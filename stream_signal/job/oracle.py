r"""The oracle: which rows signal, computed in the slow and obvious way, with `csv` and `fractions`.

It shares no code with the engines: it splits the rows, finds the column, reads the closes and compares them by itself,
so that a mistake of theirs is not one of its own. It knows the rules for rows that are counted, and none for those that
are refused: an input that is an error is not for it. If it cannot be sure how to read one, it raises Puzzled.

Cost: about 10 µs a row, whatever the window. Memory: the closes of the windows.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from fractions import Fraction
from itertools import chain, takewhile
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from stream_signal.core.config import BY_NAME
from stream_signal.core.layout.names import named_time
from stream_signal.core.layout.prices import close_by_name
from stream_signal.core.names import key_in
from stream_signal.inputs.events import Begin, End

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from stream_signal.core.config import Config
    from stream_signal.inputs.events import Event, Source

_MOST_PREAMBLE_LINES = 5
_MOST_FOOTER_LINES = 5
_MOST_DIGITS = 400
_TOTALS = {"total", "totals", "grand total", "subtotal", "sum", "average", "mean", "summe", "gesamt"}
_MISSING = {"", "nan", "na", "n/a", "null", "none"}
_DELIMITERS = ",;\t|"
# Of a header that is not UTF-8; no bar is a delimiter in those of two bytes.
_ENCODINGS = ("gbk", "cp932", "big5", "cp949", "cp1252", "cp1250", "cp1251", "cp1254")
_COMMAS = re.compile(r"[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3})\.[0-9]+")
_SPACES = " \u00a0\u2009\u202f"  # between groups of digits


class Puzzled(Exception):  # noqa: N818 - nobody made an error
    """The oracle cannot be sure how to read the input; the text says why."""


class Judged(NamedTuple):
    """A row, as the oracle sees it."""

    above: bool
    """whether it signals"""
    close: Fraction | None = None
    """None if it is missing"""
    mean: Fraction | None = None
    """None while the window is not full"""
    further: tuple[Judged, ...] = ()
    """the same row for each further window"""


def judge(config: Config, source: Source) -> Generator[Judged]:
    r"""Yield each row of a source, in order.

    >>> import tempfile
    >>> from stream_signal.core.config import Config
    >>> from stream_signal.inputs.files import FilesSource
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     written, flushed = file.write(b"close\n4.58\n4.58\n4.59\n"), file.flush()
    ...     [(row.above, str(row.mean)) for row in judge(Config(window=2), FilesSource((file.name,)))]
    [(False, 'None'), (False, '229/50'), (True, '917/200')]
    """
    if config.is_ranged:
        raise Puzzled("it reads no times, so it cannot leave rows out by them")
    windows: dict[str | None, list[Window]] = {}
    read = reader_of(config)
    layout: _Layout | None = None
    events = source.events(0, 0, None)
    try:
        for begin in events:
            if not isinstance(begin, Begin):
                continue
            lines = iter(_lines(takewhile(lambda event: not isinstance(event, End), events)))
            if layout is None:
                layout, lines = _find_layout(lines, config)
            elif layout.header:
                lines = layout.after_header(lines)
            key = key_in(begin.name, config.key_pattern or "") if config.key == BY_NAME else None
            waiting, before = list[list[str]](), list[str]()  # what may be a footer, and the row before it
            has_rows = False
            for row in _rows(lines, layout.delimiter):
                if row is not None and (not row or layout.is_header(row, config) or layout.is_nothing(row, read)):
                    continue
                if (
                    row is not None
                    and layout.may_be_footer(row, before, read)
                    and not (config.newest_first and has_rows)
                ):
                    waiting.append(row)
                    continue
                if not has_rows and config.newest_first:  # the footer of a file that is read from its end
                    layout.check_footer(waiting)
                    waiting.clear()
                has_rows = True
                for counted in (*waiting, row or []):
                    yield _judge(counted, key, layout, windows, read, config)
                waiting.clear()
                before = row or []
            layout.check_footer(waiting)
    finally:
        events.close()


def reader_of(config: Config) -> Callable[[str], Fraction | None]:
    """Return what reads a close: None if it is missing, ValueError if it is none.

    >>> from stream_signal.core.config import Config
    >>> reader_of(Config(decimal=",", thousands="."))("42.004,5"), reader_of(Config())(" NaN ")
    (Fraction(84009, 2), None)
    >>> reader_of(Config())("-$1,30,102.50"), reader_of(Config(negative="trailing"))("1.50-")
    (Fraction(-260205, 2), Fraction(-3, 2))
    """
    point, groups = re.escape(config.decimal), config.thousands
    marks = _SPACES if groups == " " else groups or ""
    whole = "[0-9]+"
    if marks:
        whole = "(?:" + "|".join(f"[1-9][0-9]{{0,2}}(?:{re.escape(mark)}[0-9]{{3}})+" for mark in marks) + "|[0-9]+)"
    number = re.compile(rf"[+-]?(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE]([+-]?[0-9]+))?")

    def read(text: str) -> Fraction | None:
        text = text.strip(" ")
        if text.lower() in _MISSING:
            return None
        text = _without_currency(_with_minus(text, config.negative).replace("\u2212", "-"))
        if config.decimal == "." and groups in {None, ","} and _COMMAS.fullmatch(text):
            text = text.replace(",", "")
        match = number.fullmatch(text)
        if not match or len(text) > 2 * _MOST_DIGITS or abs(int(match[1] or 0)) > _MOST_DIGITS:
            raise ValueError
        for mark in marks:
            text = text.replace(mark, "")
        return Fraction(text.replace(config.decimal, "."))

    return read


def _with_minus(text: str, negative: str) -> str:
    ends = {"parentheses": ("(", ")"), "trailing": ("", "-")}.get(negative)
    if ends and len(text) > 1 and text.startswith(ends[0]) and text.endswith(ends[1]):
        inner = text[len(ends[0]) : -1].strip(" ")
        return text if set(inner) & set("+-\u2212") else f"-{inner}"
    return text


def _without_currency(text: str) -> str:
    """Leave out letters and signs of a currency, on one side of the number."""
    match = re.fullmatch(r"([+-]?) *([A-Z]{0,2}\$|[A-Z]{3,5}|[^\w\s.,+()\x00-\x1f-])? *([+-]?)([0-9.,].*)", text)
    if match and (match[2] or match[3] == ""):
        text = match[1] + match[3] + match[4]
        if match[2]:
            return text
    return re.sub(r"(?<=[0-9.,]) *(?:[A-Z]{3,5}|[A-Z]{0,2}\$|[^\w\s.,+()%\x00-\x1f-])$", "", text)


class Window:
    """The last closes of one series."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._closes: deque[Fraction | None] = deque()
        self._missing = 0
        self._total = Fraction()

    def push(self, close: Fraction | None) -> Judged:
        """Take the close of the next row."""
        self._closes.append(close)
        self._count(close, 1)
        if len(self._closes) > self._size:
            self._count(self._closes.popleft(), -1)
        if close is None or self._missing or len(self._closes) < self._size:
            return Judged(above=False, close=close)
        mean = self._total / self._size
        return Judged(close > mean, close, mean)

    def _count(self, close: Fraction | None, sign: int) -> None:
        if close is None:
            self._missing += sign
        else:
            self._total += sign * close


class _Layout(NamedTuple):
    """How the rows are to be read."""

    delimiter: str
    header: list[str]
    """empty if there is none"""
    width: int
    close: int
    """the position of the close, from 0"""
    key: int | None
    """that of the key"""
    time: tuple[int, ...] | None
    """those of the time, if names tell it"""

    def is_header(self, row: list[str], config: Config) -> bool:
        """Whether a row repeats the header, or is one of rows that began without it."""
        if self.header or config.header != "auto" or config.column_name is None:
            return [row[0].removeprefix("\ufeff"), *row[1:]] == self.header  # of another file
        return len(row) == self.width and _find(row, config.column_name) == self.close

    def has_close(self, row: list[str], read: Callable[[str], Fraction | None]) -> bool:
        """Whether there is a close where one is."""
        try:
            return len(row) > self.close and read(row[self.close]) is not None
        except ValueError:
            return False

    def is_nothing(self, row: list[str], read: Callable[[str], Fraction | None]) -> bool:
        """Whether a row has nothing but delimiters or drawn lines, or begins with `#` and has no close."""
        text = "|".join(row)
        is_ruled = "---" in text and not text.strip("-+|:,; \t")
        return is_ruled or (len(row) > 1 and not any(row)) or (row[0].startswith("#") and not self.has_close(row, read))

    def may_be_footer(self, row: list[str], before: list[str], read: Callable[[str], Fraction | None]) -> bool:
        """Whether a row has neither a close nor what is written like a time where one is, or in the row before it."""
        is_total = row[0].strip(' :"').lower() in _TOTALS and (self.time is None or not self.times_in(row))
        if is_total and len(row) == self.width:
            return not self.has_close(row, read)
        if self.time is None and len(row) == self.width == len(before):
            row = [cell if re.search("[0-9]", above) else "" for cell, above in zip(row, before, strict=True)]
        times = self.times_in(row)
        is_told = not re.search("[0-9]", times) and len(row) != self.width
        return (is_told or bool(re.search(r"[^\W\d_]", times))) and not self.has_close(row, read)

    def times_in(self, row: list[str]) -> str:
        """Return the text where the time is, all of it if that is unknown."""
        places = range(len(row)) if self.time is None else self.time
        return "".join(row[at] for at in places if at < len(row) and row[at].lower() not in _MISSING)

    def check_footer(self, rows: list[list[str]]) -> None:
        """Raise Puzzled if the last rows are not certain to be a footer."""
        if len(rows) > _MOST_FOOTER_LINES or any(
            re.match("[^(]*[0-9]", self.times_in(row)) or (self.time is None and len(row) == self.width)
            for row in rows
            if row[0].strip(' :"').lower() not in _TOTALS
        ):
            raise Puzzled("the last rows may be a footer, or rows without a close")

    def after_header(self, lines: Iterator[str]) -> Iterator[str]:
        """Return the lines of a later input that has a preamble from its header on, or all of them."""
        head: list[str] = []
        for line in lines:
            head.append(line)
            if _split(line, self.delimiter) == self.header:
                return lines
            if sum(map(bool, map(str.strip, head))) > _MOST_PREAMBLE_LINES:
                break
        return chain(head, lines)


def _find_layout(lines: Iterator[str], config: Config) -> tuple[_Layout, Iterator[str]]:
    """Find how to read the first input; return it, and the lines of its rows."""
    delimiters = config.delimiter or _DELIMITERS
    tried = 0
    for line in lines:
        if not line.strip("\r\n"):
            continue
        readings = [(mark, _split(line, mark)) for mark in delimiters]
        if (encoded := _find_encoded(readings, config)) is not None:
            return _whole(encoded, lines)
        for mark, cells in readings if config.header is not False else ():
            at = _find(cells, config.column_name if config.column_name is not None else config.column_number)
            is_row = config.header == "auto" and config.column_name is None and at is not None and _is_close(cells[at])
            if at is not None and not is_row:
                layout = _Layout(mark, cells, len(cells), at, _find_key(cells, config), _find_time(cells, config))
                return _whole(layout, lines)
        if config.header is not True and config.column_number is not None:
            return _headless(readings, config), chain([line], lines)
        tried += 1
        if tried > _MOST_PREAMBLE_LINES:
            break
    raise Puzzled("it finds no header")


def _find_encoded(readings: list[tuple[str, list[str]]], config: Config) -> _Layout | None:
    """Return the layout of a header that is not UTF-8, if one meaning of it has the column."""
    meanings: dict[tuple[str, int, str], _Layout] = {}
    for mark, cells in readings if config.header is not False and config.column_name is not None else ():
        if not re.search("[\ud800-\udfff]", "".join(cells)):
            continue
        for encoding in _ENCODINGS[4 if mark == "|" else 0 :]:
            try:
                names = [cell.encode("utf-8", "surrogateescape").decode(encoding) for cell in cells]
            except UnicodeDecodeError:
                continue
            if (at := _find(names, config.column_name)) is not None:
                key, time = _find_key(names, config), _find_time(names, config)
                meanings.setdefault((mark, at, names[at]), _Layout(mark, cells, len(cells), at, key, time))
    if len(meanings) > 1:
        raise Puzzled("it finds the column in several encodings")
    return next(iter(meanings.values()), None)


def _whole(layout: _Layout, lines: Iterator[str]) -> tuple[_Layout, Iterator[str]]:
    """Return the layout as wide as its rows, and their lines, where the header ends with a delimiter too many."""
    if layout.header[-1]:
        return layout, lines
    first = next(lines, "")
    is_shorter = len(_split(first, layout.delimiter)) == layout.width - 1 > layout.close
    return layout._replace(width=layout.width - is_shorter), chain([first] if first else [], lines)


def _headless(readings: list[tuple[str, list[str]]], config: Config) -> _Layout:
    at = (config.column_number or 0) - 1
    wide = [(mark, cells) for mark, cells in readings if len(cells) > at]
    sure = [(mark, cells) for mark, cells in wide if mark not in {config.decimal, config.thousands}] or wide
    if len(sure) != 1:
        raise Puzzled("it cannot tell the delimiter of rows without a header")
    [(mark, cells)] = sure
    key = config.key - 1 if isinstance(config.key, int) else None
    return _Layout(mark, [], len(cells), at, key, _find_time([], config))


def _judge(
    row: list[str],
    key: str | None,
    layout: _Layout,
    windows: dict[str | None, list[Window]],
    read: Callable[[str], Fraction | None],
    config: Config,
) -> Judged:
    is_whole = len(row) == layout.width
    if layout.key is not None:
        key = (row[layout.key].strip(" ") if is_whole else "") or None
        if key is None:  # it may be a row of any of them
            windows.clear()
            return Judged(above=False, further=(Judged(above=False),) * len(config.windows))
    close = None
    try:
        close = read(row[layout.close]) if is_whole else None
    except ValueError:
        if config.bad_rows == "error":
            raise Puzzled(f"it cannot read the close {row[layout.close][:40]!r}") from None
    if not is_whole and config.bad_rows == "error":
        raise Puzzled(f"it finds {len(row)} fields in a row, and {layout.width} in the header")
    if key not in windows:
        windows[key] = [Window(size) for size in (config.window, *config.windows)]
    first, *further = [window.push(close) for window in windows[key]]
    return first._replace(further=tuple(further))


def _find(cells: list[str], column: str | int | None) -> int | None:
    if isinstance(column, int):
        return column - 1 if column <= len(cells) else None
    places = [at for at, cell in enumerate(cells) if column is not None and _folded(cell) == _folded(column)]
    if not places and column == "close" and len(cells) > 1 and len(other := close_by_name(cells)) == 1:
        return other[0]
    if len(places) > 1:
        raise Puzzled(f"it finds two columns {column!r}")
    return places[0] if places else None


def _find_key(cells: list[str], config: Config) -> int | None:
    if not config.is_keyed or config.key == BY_NAME:
        return None
    at = _find(cells, config.key)
    if at is None:
        raise Puzzled(f"it finds no column {config.key!r}")
    return at


def _find_time(cells: list[str], config: Config) -> tuple[int, ...] | None:
    asked = config.time_column
    known = named_time(cells) if asked is None else None
    if asked is None:
        return known if known is None or isinstance(known, tuple) else (known,)
    places = [_find(cells, column) for column in (asked if isinstance(asked, tuple) else (asked,))]
    return tuple(at for at in places if at is not None) or None


def _folded(name: str) -> str:
    name = name.strip()
    return (name[1:-1].strip() if name.startswith("<") and name.endswith(">") else name).casefold()


def _is_close(cell: str) -> bool:
    return bool(re.fullmatch(r"[+-]?[0-9., ]*[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?", cell.strip(" ")))


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str] | None]:
    """Yield the fields of each row; None for one where text follows a closing quote, as only a strict reader sees."""
    mark, record = re.escape(delimiter), list[str]()
    field = rf'(?:"(?:[^"]|"")*"[^"{mark}]*|[^"{mark}]*)'
    # Wherever such a row opens another quote, there is no telling where it ends.
    whole = re.compile(rf"{field}(?:{mark}{field})*")

    def remembered() -> Iterator[str]:
        for line in lines:
            record.append(line)
            yield line

    reader = csv.reader(remembered(), delimiter=delimiter, strict=True)
    while True:
        record.clear()
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "expected after" not in str(error) or not whole.fullmatch("".join(record).rstrip("\r\n")):
                raise Puzzled(f"the module csv says: {error}") from None
            yield None


def _split(line: str, delimiter: str) -> list[str]:
    """Return the fields of a line that may be a header; none if it is no row."""
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _lines(chunks: Iterable[Event]) -> Iterator[str]:
    """Yield the lines of the chunks of one input, each with its line end."""
    file = io.BufferedReader(cast("Any", _Chunks(chunks)))
    for line in io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="\n"):
        if "\r" in line.removesuffix("\n").removesuffix("\r"):
            raise Puzzled("a carriage return in a line ends it for the module csv")
        yield line


class _Chunks(io.RawIOBase):
    """Chunks of bytes as a file."""

    def __init__(self, chunks: Iterable[Event]) -> None:
        self._chunks = (chunk for chunk in chunks if isinstance(chunk, bytes) and chunk)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        self._rest = self._rest or memoryview(next(self._chunks, b""))
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
