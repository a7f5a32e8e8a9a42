"""Bytes -> the close of each row, for any cut of the bytes: the reader of the row engine.

The slow, obvious reader, and the reference: plain Python, every dialect that the project reads, one line at a time. It
decides what is a header, a row, a repair or an error. It knows nothing about windows and signals, and does no I/O.

    bytes -> slices of 64 KiB -> lines -> [the head of the input] -> records -> fields -> (ticks, places) or None

An input is one file of several, or everything that comes through a pipe. Memory: one slice and one unfinished record.
Cost: 1 to 2 µs a row.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from stream_signal.core.errors import DataError, TruncatedError, shown
from stream_signal.core.header import BOM, Header
from stream_signal.core.quotes import FieldError, QuotedRecords
from stream_signal.core.repairs import (
    BAD_ROW,
    BLANK_LINE,
    LONG_RECORD,
    MISSING_CLOSE,
    REPEATED_HEADER,
    UNFINISHED_LINE,
    Repairs,
)
from stream_signal.core.rows.head import Head, Line, is_repeated, marks_of
from stream_signal.core.rows.splitter import LineSplitter
from stream_signal.core.ticks import parse_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.core.config import Config
    from stream_signal.core.labels import Label
    from stream_signal.core.marks import Marks
    from stream_signal.core.observers.first_look import FirstLook
    from stream_signal.core.ticks import Close
    from stream_signal.core.time_column import Position

# A row of candles has about 60 bytes and a wide one a few thousand. Python's own csv has the same limit for a field; it
# keeps a file without line ends, or with an unclosed quote, from being held in memory.
MAX_LINE_BYTES = 128 * 1024
# As a number: `b'"' in line` takes 100 ns more, because Python first tries to read it as a number, which raises.
_QUOTE = ord('"')
# No longer than MAX_LINE_BYTES, so that only a line that spans slices can be too long.
_SLICE_BYTES = 64 * 1024
# Of a line that is too long: enough to see what kind of file it is.
_SHOWN_BYTES = 1024
_CSV = "a row of CSV"
_OPEN_QUOTE = "a quote opens a field there and is not closed: close it, or double it if it is part of the text"


class RowReader:
    """Reads candle CSV in chunks, one input after another.

    `closes` and `rest` yield `(ticks, places)` for each complete row, or None if its close is missing; they raise
    DataError at the first line that cannot be read. `header` is set once it is known. `begin`, if given, is called with
    it, and `record` then holds the fields of the row that was yielded last, or None if they could not be read.
    `look`, if given, gets the timestamps of the first rows. `find_label`, if given, is called with the header, too: it
    returns the `label`, which reads what each row belongs to, if there is one. `marks` are those of the closes, None if
    they are plain. `line` counts the lines read of this input, and `repairs` what was skipped or taken as missing.
    """

    def __init__(
        self,
        config: Config,
        begin: Callable[[Header], None] | None = None,
        look: FirstLook | None = None,
        find_label: Callable[[Header], Label | None] | None = None,
    ) -> None:
        self.header: Header | None = None
        self.label: Label | None = None
        self._find_label = find_label
        self.line = 0
        self.repairs = Repairs()
        self._config = config
        self.marks = marks_of(config)
        self._begin = begin
        self.look = look
        self.record: list[bytes] | None = None
        self._quoted: QuotedRecords | None = None  # made with the header, which has the delimiter
        self._record_line = 0  # where the open record began
        self._lines = LineSplitter()
        self._is_torn = False  # whether the line that is read has no newline
        self._begin_input()

    def _begin_input(self) -> None:
        self.line = 0
        self._repairs_before = self.repairs.copy()  # those of earlier inputs
        # None once the rows of this input have begun.
        self._head: Head | None = Head(self._config, self.header)

    def closes(self, data: bytes) -> Iterator[Close]:
        """Take the next bytes, cut anywhere; yield the close of each row that is now complete."""
        for start in range(0, len(data), _SLICE_BYTES):
            lines = self._lines.split(data[start : start + _SLICE_BYTES])
            if lines and len(lines[0]) > MAX_LINE_BYTES:
                raise self._endless(lines[0])
            yield from self._read(lines)
            if self._lines.held > MAX_LINE_BYTES:
                raise self._endless(self._lines.rest())

    def rest(self) -> Iterator[Close]:
        """Yield the close of the last row of an input, if it has no newline."""
        if self._lines.held:
            self._is_torn = True
            yield from self._read([self._lines.rest()])
            self._is_torn = False

    def end_input(self) -> None:
        """End an input whose rows have all been read; the next bytes belong to another one."""
        if self._quoted and self._quoted.open:
            raise TruncatedError(self._record_line, "a closing quote", "the end of the data").with_hint(_OPEN_QUOTE)
        if self._head:
            self._head.check_end()
        self._begin_input()

    def drop_input(self) -> None:
        """End an input whose last line may be unfinished: without its newline, that line does not count."""
        is_open = self._quoted and self._quoted.open
        if self._lines.held or is_open:
            self.repairs.note(UNFINISHED_LINE, self._record_line if is_open else self.line + 1)
            self._lines.rest()
            self._quoted = None
        if self._head:
            self._head.check_end()
        self._begin_input()

    def text(self, column: Position) -> bytes:
        """Return a field of the last row as it was written, by its position from 0; empty for a bad row."""
        record = self.record
        if not record:
            return b""
        return record[column] if isinstance(column, int) else _joined(record[column[0]], record[column[1]])

    @property
    def between_rows(self) -> bool:
        """Whether the rows have begun and the next byte begins one: nothing is held, no quote is open."""
        return not (self._head or self._lines.held or (self._quoted and self._quoted.open))

    def skip_lines(self, count: int) -> None:
        """Count lines that another engine has read."""
        self.line += count

    def position(self, size: int) -> tuple[int, int, Repairs]:
        """Return the offset and the line where the first row not counted begins, and the repairs before it.

        `size` bytes of the input were fed. Before its rows have begun, that is the start of the input.
        """
        if self._head:
            return 0, 0, self._repairs_before.copy()
        is_open = self._quoted and self._quoted.open
        held = self._lines.held + (self._quoted.held if self._quoted else 0)
        return size - held, self._record_line - 1 if is_open else self.line, self.repairs.copy()

    def resume(self, header: Header | None, offset: int, line: int, repairs: Repairs) -> None:
        """Continue from the position of a reader with the same settings; the next bytes are those from `offset` on."""
        self.header, self.repairs = header, repairs.copy()
        self._begin_input()
        self.line = line
        if offset:
            self._head = None
        if header and self._find_label:
            self.label = self._find_label(header)

    def _read(self, lines: list[bytes]) -> Iterator[Close]:
        if self._head:
            return self._rows(self._read_head(iter(lines), self._head))
        return self._rows(iter(lines))

    def _read_head(self, lines: Iterator[bytes], head: Head) -> Iterator[bytes]:
        """Read the lines before the rows; return the remaining lines, from the first row on."""
        for line in lines:
            found = head.read(line.removesuffix(b"\r"), self.line + 1, self.repairs)
            if found is not Line.SKIPPED:
                self._head = None
                if self.header is None and head.header:
                    self.header = head.header
                    if self._begin:
                        self._begin(self.header)
                    if self._find_label:
                        self.label = self._find_label(self.header)
                    if self.look:
                        self.look.begin(self.header)
                if found is Line.ROW:
                    return chain([line.removeprefix(BOM) if self.line == 0 else line], lines)
                self.line += 1
                return lines
            self.line += 1
        return lines

    def _rows(self, lines: Iterator[bytes]) -> Iterator[Close]:  # noqa: PLR0915 - one loop, at a microsecond a row
        header = self.header
        if header is None:
            return
        delimiter, position, width = header.delimiter.encode(), header.position, header.width
        close_is_last = position == width - 1
        quoted = self._quoted = self._quoted or QuotedRecords(header.delimiter)
        label, marks = self.label, self.marks
        keeps_records = self._begin is not None or label is not None
        parse = partial(self._parse_marked, marks) if marks else parse_ticks
        unlabelled, symbol, symbol_at = parse, None, 0
        if label:
            parse = labelled = partial(self._parse_labelled, parse, label)
            if label.usual and not self._begin:
                symbol_at, symbol = label.usual
        times = self.look.texts if self.look else None  # where the first timestamps go
        at = self.look.position if self.look else None
        if isinstance(at, tuple):
            at = None
        keeps = keeps_records or times is not None
        fields: list[bytes] = []
        number = self.line
        for line in lines:
            number += 1
            found, texts = "", None
            if quoted.open or _QUOTE in line:
                try:
                    texts = quoted.read(line)
                except FieldError as error:
                    texts, found = [], f"{shown(line)} ({error})"
                if texts is None or quoted.lines:
                    self._check_record(quoted, number, len(line))
                    if texts is None:
                        continue
                start, count = number - quoted.lines, len(texts)
                close = texts[position].encode("latin-1") if count == width else b""
            else:
                fields = line.split(delimiter)
                start, count = number, len(fields)
                close = fields[position] if count == width else b""
                if close_is_last:
                    close = close.removesuffix(b"\r")
            if keeps:
                if symbol is not None and not texts and count == width and fields[symbol_at] == symbol:
                    parse = unlabelled
                elif keeps_records:
                    if label:
                        parse = labelled
                    self.record = None if count != width else _as_bytes(texts) if texts else _without_return(fields)
                if times is not None and count == width:
                    times.append(self._time(texts, fields) if texts or at is None else fields[at])
            if count == width:
                try:
                    ticks = parse(close)
                except ValueError as error:
                    expected, found = self._misread(error, close, start)
                else:
                    # A blank line reads as a missing close if the close is the only column.
                    if ticks is not None or line.removesuffix(b"\r"):
                        if ticks is None:
                            self.repairs.note(MISSING_CLOSE, start)
                        yield ticks
                        continue
                    expected = found = ""
            elif found:
                expected = _CSV
            else:
                expected, found = _fields(width), str(count)
            if start < number or not self._is_no_row(line.removesuffix(b"\r"), number):
                self._bad_row(DataError(start, expected, found), texts or line)
                if times is not None and count != width:
                    times.append(b"")
                yield None
            elif times is not None and count == width:
                del times[-1]  # a repeated header
        self.line = number

    def _parse_marked(self, marks: Marks, close: bytes) -> Close:
        """Read a close with other marks, and keep it as observers see it: with a point, without groups."""
        ticks = marks.parse(close)
        if self.record and self.header:
            self.record[self.header.position] = marks.plain(close)
        return ticks

    def _parse_labelled(self, parse: Callable[[bytes], Close], label: Label, close: bytes) -> Close:
        """Read a close, and the label of its row."""
        ticks = parse(close)
        if self.record:
            label.see(self.record)
        return ticks

    def _misread(self, error: ValueError, close: bytes, line: int) -> tuple[str, str]:
        """Return what was expected and what was found; raise DataError if no setting makes such a row count."""
        from stream_signal.core.labels import LabelError  # noqa: PLC0415 - few rows are bad

        if isinstance(error, LabelError):
            if error.stops:
                raise DataError(line, error.expected, error.found).with_hint(error.hint) from None
            return error.expected, error.found
        return f"{error} in {self._column()}", shown(close)

    def _time(self, texts: list[str] | None, fields: list[bytes]) -> bytes:
        """Return the timestamp of a row that is quoted, or has it in two columns."""
        self.record = _as_bytes(texts) if texts else _without_return(fields)
        position = self.look.position if self.look else None
        return b"" if position is None else self.text(position)

    def _check_record(self, quoted: QuotedRecords, number: int, size: int) -> None:
        """Refuse a record of several lines that is too long; count it once it has ended."""
        self._record_line = number - quoted.lines
        if quoted.size + size > MAX_LINE_BYTES:
            raise too_long(self._record_line).with_hint(_OPEN_QUOTE)
        if not quoted.open:
            self.repairs.note(LONG_RECORD, self._record_line)

    def _is_no_row(self, line: bytes, number: int) -> bool:
        """Whether a line that does not read as a row is blank, or repeats the header."""
        if not line:
            self.repairs.note(BLANK_LINE, number)
        elif self.header and is_repeated(line.removeprefix(BOM), self.header, self._config):
            self.repairs.note(REPEATED_HEADER, number)
        else:
            return False
        return True

    def _bad_row(self, error: DataError, row: bytes | list[str]) -> None:
        """Raise if bad rows are errors; otherwise the row counts, with its close missing."""
        if self._config.bad_rows == "error":
            from stream_signal.core.hints import of_row  # noqa: PLC0415 - only a failed job needs it

            if error.expected == _CSV:
                error.hint = "a quoted field ends at its second quote: write a quote within it twice"
            elif self.header:
                first = error.line == 1
                error.hint = of_row(row, self.header, self._config, torn=self._is_torn, first=first)
            raise error
        if self.label:
            self._label_bad_row(self.label, error.line)
        self.repairs.note(BAD_ROW, error.line or 0, f"expected {error.expected}, found {error.found}")

    def _label_bad_row(self, label: Label, line: int | None) -> None:
        from stream_signal.core.labels import LabelError  # noqa: PLC0415 - few rows are bad

        try:
            label.see_bad(self.record)
        except LabelError as refused:
            raise DataError(line, refused.expected, refused.found).with_hint(refused.hint) from None

    def _endless(self, line: bytes) -> DataError:
        """Return the error of a line that is too long, from its beginning."""
        from stream_signal.core.hints import of_long_line  # noqa: PLC0415 - only a failed job needs it

        return too_long(self.line + 1).with_hint(of_long_line(line[:_SHOWN_BYTES], self._config))

    def _column(self) -> str:
        name, number = self._config.column_name, self._config.column_number
        is_named = name is not None and (number is None or bool(self.header and self.header.names))
        return f"column {shown(name)}" if name is not None and is_named else f"column {number}"


def _as_bytes(texts: list[str]) -> list[bytes]:
    return [text.encode("latin-1") for text in texts]


def _without_return(fields: list[bytes]) -> list[bytes]:
    fields[-1] = fields[-1].removesuffix(b"\r")
    return fields


def _joined(first: bytes, second: bytes) -> bytes:
    """Join the texts of two columns, unless both are empty."""
    return b"%b %b" % (first, second) if first or second else b""


def _fields(count: int) -> str:
    return f"{count} field" + "s" * (count != 1)


def too_long(number: int) -> DataError:
    """Return the error of a line that is longer than MAX_LINE_BYTES."""
    return DataError(number, f"a line of at most {MAX_LINE_BYTES} bytes", "a longer one")
