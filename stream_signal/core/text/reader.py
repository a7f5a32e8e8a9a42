"""Bytes -> rows, for any cut of the bytes: the text reader.

The slow, obvious reader, and the reference: plain Python, every dialect that the project reads, one line at a time. It
decides what is a header, a row, a repair or an error. It knows nothing about windows and signals, and does no I/O.

    bytes -> slices of 64 KiB -> lines -> [the head of the input] -> records -> fields -> rows: closes, series, texts

An input is one file of several, or everything that comes through a pipe. Memory: one slice and one unfinished record.
Cost: 1 to 2 µs a row.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from stream_signal.core.errors import DataError, TruncatedError, shown
from stream_signal.core.findings import (
    BAD_ROW,
    BLANK_LINE,
    EMPTY_LINE,
    FOOTER,
    HEADER_LINE,
    LONG_RECORD,
    MISSING_CLOSE,
    REPEATED_HEADER,
    UNFINISHED_LINE,
    Findings,
)
from stream_signal.core.layout.headers import is_annotation
from stream_signal.core.layout.layout import BOM, Layout, find_time
from stream_signal.core.limits import FIRST_MARK, MARK_BYTES, MAX_LINE_BYTES
from stream_signal.core.quotes import FieldError, QuotedRecords, cells_in
from stream_signal.core.rows import Rows
from stream_signal.core.series.grouping import Grouping
from stream_signal.core.series.keys import KeyRefused, Keys
from stream_signal.core.text.footer import MOST_BYTES, MOST_LINES, has_nothing, kind_of, kind_of_nothing
from stream_signal.core.text.head import Head, Line, is_repeated, marks_of
from stream_signal.core.text.lines import LineSplitter
from stream_signal.core.ticks import parse_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.core.config import Config
    from stream_signal.core.ticks import Close

# As a number: `b'"' in line` takes 100 ns more, because Python first tries to read it as a number, which raises.
_QUOTE = ord('"')
# No longer than MAX_LINE_BYTES, so that only a line that spans slices can be too long.
_SLICE_BYTES = 64 * 1024
# Of fewer lines, to look whether they are plain takes as long as to read them.
_MANY_LINES = 8
# Of a line that is too long: enough to see what kind of file it is.
_SHOWN_BYTES = 1024
_CSV = "a row of CSV"


class TextReader:
    r"""Reads candle CSV in chunks, one input after another.

    `rows` and `rest` yield the complete rows, of which `grouping` says the series; a line that cannot be read is the
    failure of the rows before it. `header` is set once it is known, and `begin` called with it. `keeps` says whether
    rows keep their texts, `samples` whether those at every 4,096th byte are found, and keep theirs; `begin` sets both
    for the first rows. `marks` read the closes that are not plain. `line` and `offset` count the lines and
    bytes read of this input, and `repairs` what was skipped or taken as missing.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.series.grouping import grouping_of
    >>> reader = TextReader(Config(), grouping_of(Config()), lambda _: (False, False))
    >>> [rows.closes for rows in reader.rows(b"close\n4.58\n4.59\n4.")], [rows.closes for rows in reader.rest()]
    ([[(458, 2), (459, 2)]], [[(4, 0)]])
    """

    def __init__(self, config: Config, grouping: Grouping, begin: Callable[[Layout], tuple[bool, bool]]) -> None:
        self.header: Layout | None = None
        self.line = self.offset = 0
        self.repairs = Findings()
        self.keeps = self.samples = False
        self.marks = marks_of(config)
        self._config = config
        self._grouping = grouping
        self._begin = begin
        self._quoted: QuotedRecords | None = None  # made with the header, which has the delimiter
        self._record_line = 0  # where the open record began
        self._record: list[bytes] | None = None  # the fields of the row that is read, None if they could not be
        self._lines = LineSplitter()
        # The last lines so far, which are no rows if the input ends behind them; and whether there may be such.
        self._ending: list[bytes] = []
        self._ending_bytes = 0
        self.may_end = not config.newest_first
        self.left_out = 0  # bytes of those that the last input ended with
        self._torn_line = 0  # the number of the line without a newline, while it is read
        self._may_begin_with_footer = False  # in an input that is read from its end, until a row comes
        self._begin_input()

    def _begin_input(self) -> None:
        self.line = self.offset = 0
        self._mark_bytes = MARK_BYTES
        self._is_marked = False  # whether the open record has a byte to be marked
        self._marked_before: list[int] = []  # of the lines that are held back in the head
        self._repairs_before = self.repairs.copy()  # those of earlier inputs
        self._may_begin_with_footer = self._config.newest_first
        # None once the rows of this input have begun.
        self._head: Head | None = Head(self._config, self.header)

    def rows(self, data: bytes) -> Iterator[Rows]:
        """Take the next bytes, cut anywhere; yield the rows that are now complete."""
        for start in range(0, len(data), _SLICE_BYTES):
            piece, held = data[start : start + _SLICE_BYTES], self._lines.held
            lines = self._lines.split(piece)
            if lines and len(lines[0]) > MAX_LINE_BYTES:
                raise self._endless(lines[0])
            if lines:
                if self._ending:  # read again, as more follows
                    lines, self._ending = [*self._ending, *lines], []
                    piece, held = b"\n".join([*lines, bytes(self._lines.held)]), 0
                marked = self._marked(piece, held) if self.samples else []
                self.offset += held + len(piece) - self._lines.held
                yield self._read(lines, marked)
            if self._lines.held > MAX_LINE_BYTES:
                raise self._endless(self._lines.rest())

    def rest(self) -> Iterator[Rows]:
        """Yield the rows that are left at the end of an input: those held back, and the last one without a newline."""
        lines: list[bytes] = []
        marked: list[int] = []
        is_torn = self._lines.held > 0
        if is_torn:
            lines, self._ending = [*self._ending, self._lines.rest()], []
            piece = b"\n".join(lines)
            marked = self._marked(piece, 0) if self.samples else []
            self.offset += len(piece)
        if self._head:
            try:
                lines = [*self._read_head(iter(lines), self._head), *self._end_head()]
            except DataError as error:
                yield Rows([], failure=error)
                return
            marked = self._take_marked(marked)
        if lines:
            self._torn_line = self.line + len(lines) if is_torn else 0
            yield self._read(lines, marked)
            self._torn_line = 0

    def end_input(self) -> None:
        """End an input whose rows have all been read; the next bytes belong to another one."""
        if self._quoted and self._quoted.open:
            raise TruncatedError(self._record_line, "a closing quote", "the end of the data").with_clue("open_quote")
        self._end_head()
        self._end_rows()
        self._begin_input()

    def drop_input(self) -> Iterator[Rows]:
        """End an input whose last line may be unfinished: without its newline, that line does not count.

        Yield the rows that were held back.
        """
        self._drop_line()
        yield from self.rest()
        self._drop_line()
        self._end_head()
        self._end_rows()
        self._begin_input()

    def _drop_line(self) -> None:
        is_open = self._quoted and self._quoted.open
        if self._lines.held or is_open:
            self.repairs.note(UNFINISHED_LINE, self._record_line if is_open else self._next_line)
            self._lines.rest()
            self._quoted = None

    @property
    def between_rows(self) -> bool:
        """Whether the rows have begun and the next byte begins one: nothing is held, no quote is open."""
        is_before = self._head or self._may_begin_with_footer
        return not (is_before or self._lines.held or self._ending or (self._quoted and self._quoted.open))

    @property
    def ending(self) -> int:
        """Bytes of the lines that are no rows if the input ends behind them."""
        return self._ending_bytes if self._ending else 0

    def skip_lines(self, count: int, size: int = 0) -> None:
        """Count lines that another engine has read, and their bytes."""
        self.line += count
        self.offset += size

    def mark_first(self, size: int, *, is_marked: bool) -> None:
        """Mark the first of the next rows, which have so many bytes, or none, and no other: they are a batch."""
        self.offset, self._mark_bytes = FIRST_MARK - is_marked, size + 1

    def position(self) -> tuple[int, int, Findings]:
        """Return the offset and the line where the first row not counted begins, and the repairs before it.

        Before its rows have begun, that is the start of the input.
        """
        if self._head or self._may_begin_with_footer:
            return 0, 0, self._repairs_before.copy()
        is_open = self._quoted and self._quoted.open
        offset = self.offset - (self._quoted.held if self._quoted else 0)
        return offset, self._record_line - 1 if is_open else self.line, self.repairs.copy()

    def resume(self, header: Layout | None, offset: int, line: int, repairs: Findings) -> None:
        """Continue from the position of a reader with the same settings; the next bytes are those from `offset` on."""
        self.header, self.repairs = header, repairs.copy()
        self._begin_input()
        self.line, self.offset = line, offset
        if offset:
            self._head, self._may_begin_with_footer = None, False
        if header:
            self._begin_rows(header)

    def _begin_rows(self, header: Layout) -> None:
        if header.time is None:
            self.header = header = header._replace(time=find_time(header, self._config.time_column))
        self.keeps, self.samples = self._begin(header)
        self._grouping.begin(header)

    def _marked(self, piece: bytes, held: int) -> list[int]:
        """Return the numbers of the lines that end in a piece and have a byte to be marked, descending.

        The first of them began `held` bytes before the piece.
        """
        begin, every = self.offset, self._mark_bytes
        first, end = begin + 1 + (FIRST_MARK - begin - 1) % every, begin + held + len(piece) - self._lines.held
        if first > end:
            return []
        line, at, marked = self._next_line, 0, []
        for mark in range(first, end + 1, every):
            before = max(at, mark - 1 - begin - held)  # in the piece, the byte to be marked
            line, at = line + piece.count(b"\n", at, before), before
            marked.append(line)
        return marked[::-1]

    def _read(self, lines: list[bytes], marked: list[int]) -> Rows:
        try:
            head = self._head
            if head:
                lines = [*self._read_head(iter(lines), head)]
                marked = self._take_marked(marked)
                if not head.is_settled:
                    return Rows([])
            if self._may_begin_with_footer:
                lines = self._without_footer(lines)
            rows = self._plain_rows(lines, marked) if len(lines) >= _MANY_LINES else None
            return rows or self._rows(lines, marked)
        except DataError as error:  # before the rows
            return Rows([], failure=error)

    def _read_head(self, lines: Iterator[bytes], head: Head) -> Iterator[bytes]:
        """Read the lines before the rows; return the lines from the first row on, none while they are held back."""
        for line in lines:
            number = self._next_line
            kind = head.read(line, number, self.repairs)
            if kind in {Line.SKIPPED, Line.HEADER}:
                self.line = number
            if head.is_settled:
                return chain(self._begin_head(head), lines)
        return lines

    def _end_head(self) -> list[bytes]:
        """End the lines before the rows with the input; return the rows that were held back."""
        head = self._head
        if not head:
            return []
        head.end()
        return self._begin_head(head) if head.is_settled else []

    def _begin_head(self, head: Head) -> list[bytes]:
        """Begin the rows, whose layout is settled; return those that were held back."""
        self._head = None
        if self.header is None and head.layout:
            self.header = head.layout
            self._begin_rows(self.header)
        return head.rows

    def _take_marked(self, marked: list[int]) -> list[int]:
        """Return the lines to be marked with those that were held back before them, or hold them back, too."""
        marked = marked + self._marked_before
        self._marked_before = marked if self._head else []
        return marked

    def take_header(self) -> None:
        """Take the header as it is, if no row below it has been seen yet: a batch follows, whose rows fit it."""
        if self._head:
            self._head.take_as_it_is()
            if self._head.is_settled:
                self._begin_head(self._head)

    @property
    def awaits_row(self) -> bool:
        """Whether the header is there and no row below it, which has to show that it fits, or where the rows begin."""
        return self._may_begin_with_footer if self._head is None else self._head.awaits_row

    @property
    def holds_rows(self) -> bool:
        """Whether rows are held back, because their layout is not settled."""
        return self._head is not None and bool(self._head.rows)

    @property
    def _next_line(self) -> int:
        """The number of the next line."""
        return self.line + len(self._ending) + (0 if self._head is None else len(self._head.rows)) + 1

    def _plain_rows(self, lines: list[bytes], marked: list[int]) -> Rows | None:
        """Read lines at once, which is faster, if each is a plain row; None, with none read, if one is not."""
        header, quoted = self.header, self._quoted
        if header is None or not self.marks.are_usual or self._grouping.reads or (quoted and quoted.open):
            return None
        text = b"\n".join(lines)
        if b'"' in text or b"\r" in text:
            return None
        delimiter, position = header.delimiter.encode(), header.position
        records = [line.split(delimiter) for line in lines]
        if set(map(len, records)) != {header.width}:
            return None
        try:
            closes = [parse_ticks(fields[position]) for fields in records]
        except ValueError:
            return None
        if None in closes:
            return None
        marks = {0} if self._is_marked else set()
        marks.update(number - self.line - 1 for number in marked if number > self.line)
        self._is_marked = False
        self.line += len(lines)
        return Rows(closes, 0, records if self.keeps or marks else None, marks=sorted(marks))

    def _rows(self, lines: list[bytes], marked: list[int]) -> Rows:  # noqa: PLR0915 - one loop, at 1 µs a row
        header, grouping = self.header, self._grouping
        if header is None:
            return Rows([])
        delimiter, position, width = header.delimiter.encode(), header.position, header.width
        close_is_last = position == width - 1
        quoted = self._quoted = self._quoted or QuotedRecords(header.delimiter)
        parse = unseen = parse_ticks if self.marks.are_usual else self._parse_marked
        symbol, symbol_at = None, 0
        if grouping.reads:
            parse = seen = partial(self._parse_grouped, unseen)
            if grouping.usual and not self.keeps:
                symbol_at, symbol = grouping.usual
        closes: list[Close] = []
        records: list[list[bytes] | None] = []
        samples: dict[int, list[bytes] | None] = {}  # the records of the rows that are marked
        series: list[int] = []
        failure: BaseException | None = None
        keeps, by_row = self.keeps, grouping.by_row
        needs_record = keeps or grouping.reads
        fields: list[bytes] = []
        last, number, is_marked = self.line + self._count_before_end(lines), self.line, self._is_marked
        while marked and marked[-1] <= number:  # in the head
            marked.pop()
        mark = marked.pop() if marked else 0
        needs_record = needs_record or is_marked
        try:
            for line in lines:
                if number >= last and not quoted.open:
                    self._ending = lines[number - self.line :]
                    break
                number += 1
                if number == mark:
                    is_marked = needs_record = True
                    while marked and marked[-1] == number:
                        marked.pop()
                    mark = marked.pop() if marked else 0
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
                if needs_record:
                    is_usual = symbol is not None and not texts and count == width and fields[symbol_at] == symbol
                    if is_usual and not is_marked:
                        parse = unseen
                    else:
                        if grouping.reads:
                            parse = seen
                        if fields and fields[-1][-1:] == b"\r":
                            fields[-1] = fields[-1][:-1]
                        self._record = None if count != width else _as_bytes(texts) if texts else fields
                expected, ticks, is_row = "", None, False
                if count == width:
                    try:
                        try:
                            ticks = parse(close)
                        except ValueError as error:
                            if isinstance(error, KeyRefused) or unseen is not parse_ticks:
                                raise
                            reread = self._parse_marked
                            ticks = reread(close) if parse is unseen else self._parse_grouped(reread, close)
                    except ValueError as error:
                        expected, found = self._misread(error, close, start)
                    else:
                        # A blank line reads as a missing close if the close is the only column.
                        is_row = ticks is not None or bool(line.removesuffix(b"\r"))
                elif found:
                    expected = _CSV
                else:
                    expected, found = _fields(width), str(count)
                if ticks is None and start == number and self._is_no_row(line.removesuffix(b"\r"), number, is_row):
                    is_marked = False
                    continue
                if is_row and ticks is None:
                    self.repairs.note(MISSING_CLOSE, start)
                if not is_row:
                    bad = DataError(start, expected, found)
                    self._bad_row(bad, line if texts is None else texts, is_torn=number == self._torn_line)
                if is_marked:
                    samples[len(closes)] = self._record
                    is_marked, needs_record = False, keeps or grouping.reads
                closes.append(ticks)
                if keeps:
                    records.append(self._record)
                if by_row:
                    series.append(grouping.number)
            self.line, self._is_marked = number, is_marked
            if self._ending:
                self._ending_bytes = sum(map(len, self._ending)) + len(self._ending) - bool(self._torn_line)
                self.offset -= self._ending_bytes
        except BaseException as error:  # noqa: BLE001 - raised once the rows before it are counted
            failure = error
        if samples and not keeps:
            records = [samples.get(at) for at in range(len(closes))]
        try:
            return Rows(closes, series if by_row else 0, records if keeps or samples else None, failure, list(samples))
        finally:
            del failure  # whose traceback has this frame: a cycle, that would keep all of it

    def _parse_marked(self, close: bytes) -> Close:
        """Read a close with marks, and keep it as observers see it: with a point, without groups."""
        ticks = self.marks.parse(close)
        if self._record and self.header:
            self._record[self.header.position] = self.marks.plain(close)
        return ticks

    def _parse_grouped(self, parse: Callable[[bytes], Close], close: bytes) -> Close:
        """Read a close, and the series of its row."""
        ticks = parse(close)
        if self._record and not (ticks is None and has_nothing(self._record)):
            self._grouping.see(self._record)
        return ticks

    def _misread(self, error: ValueError, close: bytes, line: int) -> tuple[str, str]:
        """Return what was expected and what was found; raise DataError if no setting makes such a row count."""
        if isinstance(error, KeyRefused):
            if error.stops:
                raise error.of_line(line) from None
            return error.expected, error.found
        return f"{error} in {self._column()}", shown(close)

    def _check_record(self, quoted: QuotedRecords, number: int, size: int) -> None:
        """Refuse a record of several lines that is too long; count it once it has ended."""
        self._record_line = number - quoted.lines
        if quoted.size + size > MAX_LINE_BYTES:
            raise too_long(self._record_line).with_clue("open_quote")
        if not quoted.open:
            self.repairs.note(LONG_RECORD, self._record_line)

    def _count_before_end(self, lines: list[bytes]) -> int:
        """Return how many lines come before the last ones that are no rows if the input ends behind them."""
        header, count, footers, size = self.header, len(lines), 0, 0
        if not (self.may_end and header and lines):
            return count
        cells = lines[-1].split(header.delimiter.encode())
        try:  # what most last lines are, live ones above all
            if len(cells) == header.width and parse_ticks(cells[header.position]):
                return count
        except ValueError:
            pass
        is_torn = self._torn_line > 0
        while count:
            kind = kind_of(lines[count - 1], header, self.marks, is_torn=is_torn)
            is_torn = False
            footers += kind == FOOTER
            size += len(lines[count - 1]) + 1
            if kind is None or footers > MOST_LINES or size > MOST_BYTES:
                break
            count -= 1
        while count < len(lines) and not lines[count].removesuffix(b"\r"):
            count += 1
        return count

    def _end_rows(self) -> None:
        """Leave out the last lines, which are no rows: some are a footer, the others say nothing."""
        for line in self._ending:
            self._leave_out(line, self.header and kind_of(line, self.header, self.marks))
        self.left_out = self.ending
        self._ending = []

    def _without_footer(self, lines: list[bytes]) -> list[bytes]:
        """Leave out the lines that an input which is read from its end begins with, and which are no rows."""
        for at, line in enumerate(lines):
            # Of the last line of a file, nobody knows here whether it had a newline.
            kind = self.header and kind_of(line, self.header, self.marks, is_torn=True)
            left_out = self.repairs.counts.get(FOOTER, 0) - self._repairs_before.counts.get(FOOTER, 0)
            if kind is None or (kind == FOOTER and left_out == MOST_LINES):
                self._may_begin_with_footer = False
                return lines[at:]
            self._leave_out(line, kind)
        return []

    def _leave_out(self, line: bytes, kind: str | None) -> None:
        self.line += 1
        is_blank = kind in {BLANK_LINE, EMPTY_LINE}
        self.repairs.note(BLANK_LINE if is_blank else FOOTER, self.line, "" if is_blank else shown(line))

    def _is_no_row(self, line: bytes, number: int, is_row: bool) -> bool:  # noqa: FBT001 - as the loop has it
        """Whether a line without a close says nothing: it is blank, repeats the header, or is told of."""
        if not line:
            kind = None if is_row else BLANK_LINE
        elif not is_row and self.header and is_repeated(line.removeprefix(BOM), self.header, self._config):
            kind = REPEATED_HEADER
        elif is_annotation(line) or (self.header and line in self.header.below):
            self.repairs.note(HEADER_LINE, number, shown(line))
            return True
        else:
            kind = self.header and kind_of_nothing(line, self.header, self.marks)
        if kind:
            self.repairs.note(kind, number)
        return bool(kind)

    def _bad_row(self, error: DataError, row: bytes | list[str], *, is_torn: bool) -> None:
        """Raise if bad rows are errors; otherwise the row counts, with its close missing.

        `row` is the line, or its fields if it has quotes: none of them if the quotes are wrong.
        """
        if self._config.bad_rows == "error":
            raise self._with_clue(error, row, is_torn=is_torn)
        if self._grouping.reads:
            try:
                self._grouping.see_bad(self._record)
            except KeyRefused as refused:
                raise refused.of_line(error.line) from None
        self.repairs.note(BAD_ROW, error.line or 0, f"expected {error.expected}, found {error.found}")

    def _with_clue(self, error: DataError, row: bytes | list[str], *, is_torn: bool) -> DataError:
        header = self.header
        if not row or not header:
            return error.with_clue("stray_quote")
        if isinstance(row, bytes):
            cells = cells_in(row.removesuffix(b"\r"), header.delimiter)
        else:
            cells = [field.encode("latin-1").decode("utf-8", "replace").strip() for field in row]
        header = header._replace(line=b"")
        return error.with_clue("bad_row", cells=cells, header=header, torn=is_torn, first=error.line == 1)

    def _endless(self, line: bytes) -> DataError:
        """Return the error of a line that is too long, from its beginning."""
        return too_long(self._next_line).with_clue("long_line", start=line[:_SHOWN_BYTES])

    def _column(self) -> str:
        name, header = self._config.column_name, self.header
        if header and not header.names:
            return f"column {header.position + 1}"
        return f"column {self._config.column_number if name is None else shown(name)}"


def _as_bytes(texts: list[str]) -> list[bytes]:
    return [text.encode("latin-1") for text in texts]


def _fields(count: int) -> str:
    return f"{count} field" + "s" * (count != 1)


def too_long(number: int) -> DataError:
    """Return the error of a line that is longer than MAX_LINE_BYTES."""
    return DataError(number, f"a line of at most {MAX_LINE_BYTES} bytes", "a longer one")


def reader_of_texts(config: Config, header: Layout | None) -> TextReader:
    """Return a reader of rows that somebody looks at and nobody counts: with their texts, whatever their keys are.

    `header` is that of the stream, if it is known.
    """
    reader = TextReader(config, Grouping(Keys(1)), begin=lambda _: (True, False))
    reader.resume(header, 0, 0, Findings())
    return reader
