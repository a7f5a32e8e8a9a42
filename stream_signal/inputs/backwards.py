r"""Files read from their ends, so that the rows of newest-first files come oldest first.

    in the file    head | 12:02 | 12:01 | 12:00
    fed            head | 12:00 | 12:01 | 12:02

The head of a file (preamble and header) is fed first and as it is, and then the other lines, the last one first, in
chunks of whole lines. Of several files, the last one comes first. The answer is that of files whose lines are reversed.

A line is a row here. That is so if each line, read by itself, closes the quotes that it opens: then none goes on in the
next one. A line that does not is refused; the first ones are looked at before a row is read, the others with it.

Memory: one chunk and its lines. Cost: 50 ns a line. The lines of the file are counted only if a line number is needed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from stream_signal import system
from stream_signal.core.config import DELIMITERS
from stream_signal.core.errors import DataError, Hint, InputError, Way, shown
from stream_signal.core.findings import Findings
from stream_signal.core.foreign import refuse_foreign
from stream_signal.core.layout.layout import BOM
from stream_signal.core.limits import MAX_LINE_BYTES
from stream_signal.core.quotes import FieldError, QuotedRecords
from stream_signal.core.text.head import Head, Line
from stream_signal.core.text.lines import LineSplitter
from stream_signal.core.text.reader import too_long
from stream_signal.core.urls import shown_path
from stream_signal.hints.shell import reversing
from stream_signal.inputs.events import Begin, End
from stream_signal.inputs.plain import CHUNK_BYTES, opened, unreadable
from stream_signal.inputs.probe import COLUMNAR, OLDEST_FIRST, probe, refuse

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from stream_signal.core.config import Config
    from stream_signal.core.layout.layout import Layout
    from stream_signal.inputs.events import Event, Patience

# The head is read in pieces of this size: it is a few hundred bytes long.
_HEAD_BYTES = 64 * 1024


class BackwardsSource:
    """Newest-first files, read from their ends, the last one first.

    `chunk_bytes` limits what is read and fed at once. A line that is longer is refused, so it has to be more than
    MAX_LINE_BYTES, unless all lines are known to be shorter. InputError if one cannot be read so.
    """

    endless = False

    def __init__(self, names: tuple[str, ...], config: Config, *, chunk_bytes: int = CHUNK_BYTES) -> None:
        self.names = names[::-1]
        self._config = config
        self._chunk_bytes = chunk_bytes
        for name in names:
            refuse("newest first", name)

    def events(self, first: int, offset: int, patience: Patience) -> Generator[Event]:  # noqa: ARG002
        """Yield the events of each file, the last one first; see `inputs.events.Source`.

        The beginnings of all files are checked first. Raises DataError if a quote is left open, or a header is missing.
        """
        heads = self._find_heads()
        header = next((head.header for head in heads.values() if head.header), None)
        for name in self.names:
            with opened(name) as descriptor:
                yield from self._read(_File(name, descriptor, heads[name].size), heads[name], header)

    def _find_heads(self) -> dict[str, _FileHead]:
        """Find the head of each file. That of the first holds for those after it, which need none of their own."""
        heads: dict[str, _FileHead] = {}
        header = None
        for name in reversed(self.names):
            with opened(name) as descriptor:
                file = _File(name, descriptor)
                try:
                    heads[name] = _find_head(file, self._config, header)
                    _refuse_open_quotes(file, heads[name], header, self._config)
                except DataError as error:
                    raise self._named(error, name) from None
            header = header or heads[name].header
        return heads

    def _read(self, file: _File, head: _FileHead, header: Layout | None) -> Iterator[Event]:
        """Yield the events of one file; `header` is that of the first file."""
        start = file.read(0, head.end)
        if not head.lines:
            # Its last line comes first, and must not be taken for another header.
            start = header.line + b"\n" if header and header.line else b""
        fed_before = head.lines or bool(start)
        yield Begin(file.name, file.size, lambda number: file.line_of(number, fed_before))
        if start:
            yield start
        try:
            quotes = _Quotes(header, self._config)
            yield from _reversed_lines(file, head, quotes, self._chunk_bytes)
        except DataError as error:
            raise self._named(error, file.name) from None
        yield End()

    def _named(self, error: DataError, name: str) -> DataError:
        error.source = name if len(self.names) > 1 else None
        return error


def reversal(names: Sequence[str], head_lines: int | None) -> Hint:
    """Say how inputs that are newest first can be read in order of time.

    `head_lines` are those above the rows, as far as they are known.
    """
    ways = () if head_lines is None else (Way(before=(reversing(head_lines),)),)
    for name in names:
        found = probe(name)
        if found.kind == "URL":
            return Hint("download it, and read the file with --newest-first")
        if (form := found.format) in COLUMNAR:
            return Hint("sort it by time")
        if form or found.archive:
            return Hint("decompress it to a file, and read that with --newest-first", ways)
        if not found.can_be_read_again:
            return Hint("save the rows to a file, and read that with --newest-first", ways)
    return Hint("--newest-first reads the file from its end", (Way(("--newest-first",)),))


class _FileHead(NamedTuple):
    """The lines of a file that stay at its beginning, and what they say."""

    size: int
    """of the whole file, in bytes"""
    end: int
    """of the head, in bytes; more than 0 without a header, if there is a byte order mark"""
    lines: int
    """in the head; 0 if there is no header"""
    header: Layout | None
    """how the rows are read; None if the file has no rows, or only those that say nothing"""


class _File:
    """An open file that must not change its size."""

    def __init__(self, name: str, descriptor: int, size: int | None = None) -> None:
        self.name = name
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size if size is None else size
        self.lines: int | None = None  # in all; counted if a line number is needed
        if not self.size and system.read_at(descriptor, 1, 0):  # as under /proc
            cannot = f"cannot read {shown_path(name)} from its end (newest first)"
            raise InputError(f"{cannot}: its size is unknown; save it to a file first").with_hint(OLDEST_FIRST)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end`; raise InputError if the size of the file has changed."""
        data = system.read_at(self._descriptor, end - start, start)
        if len(data) < end - start or os.fstat(self._descriptor).st_size != self.size:
            raise unreadable(self.name, "its size changed while it was read from its end")
        return data

    def quoted(self, line: bytes, start: int) -> DataError:
        """Return the error of a line, which begins at that offset, with a quote that is left open."""
        expected = "the quotes of a line closed in a file that is read from its end (newest first)"
        found = f"{shown(line)}; sort the file by time"
        return DataError(self._newlines(start) + 1, expected, found).with_hint(OLDEST_FIRST)

    def line_of(self, number: int, before: int) -> int:
        """Return the number in the file of the line that was fed as `number`, if the first `before` stay in place."""
        if number <= before:
            return number
        if self.lines is None:
            self.lines = self._newlines(self.size) + (self.read(self.size - 1, self.size) != b"\n")
        return self.lines + before + 1 - number

    def _newlines(self, end: int) -> int:
        """Count the newlines before `end`."""
        steps = range(0, end, CHUNK_BYTES)
        return sum(self.read(start, min(start + CHUNK_BYTES, end)).count(b"\n") for start in steps)


def _find_head(file: _File, config: Config, header: Layout | None) -> _FileHead:
    """Read the lines before the rows; `header` is that of the files before."""
    head, repairs, start, is_blank = Head(config, header), Findings(), 0, True
    lines = size = 0
    for number, line in enumerate(_first_lines(file), start=1):
        text, end = line.removesuffix(b"\r"), start + len(line) + 1
        if is_blank and text:
            refuse_foreign(text.removeprefix(BOM), number)
            is_blank = False
        if text and not config.header:
            break  # the last line says how the rows are read
        if head.is_settled and not (header and text in header.below):
            break
        found = Line.SKIPPED if head.is_settled else head.read(text, number, repairs)
        if found in {Line.ROW, Line.HELD}:
            break
        if found is Line.HEADER or (lines and text):  # its further lines follow
            lines, size = number, min(end, file.size)
        start = end
    else:
        head.end()
    if lines:
        return _FileHead(file.size, size, lines, head.layout)
    # The mark is not part of the first line, which is read last.
    mark = len(BOM) if file.read(0, min(len(BOM), file.size)) == BOM else 0
    return _FileHead(file.size, mark, 0, head.layout)


def _first_lines(file: _File) -> Iterator[bytes]:
    """Yield the lines of a file from its beginning, without their newlines."""
    splitter, number = LineSplitter(), 0
    for start in range(0, file.size, _HEAD_BYTES):
        for line in splitter.split(file.read(start, min(start + _HEAD_BYTES, file.size))):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise too_long(number)
            yield line
        if splitter.held > MAX_LINE_BYTES:
            raise too_long(number + 1)
    if splitter.held:
        yield splitter.rest()


class _Quotes:
    """Tells whether lines close their quotes; without a layout, by whichever delimiter they are read."""

    def __init__(self, header: Layout | None, config: Config) -> None:
        delimiter = header.delimiter if header else config.delimiter
        self._delimiters = [delimiter] if delimiter else list(DELIMITERS)

    def first_open(self, lines: list[bytes]) -> int | None:
        """Return the index of the first line that leaves a quote open; None if there is none."""
        quoted = (at for at, line in enumerate(lines) if b'"' in line)
        return next((at for at in quoted if self._is_open(lines[at].removesuffix(b"\r"))), None)

    def _is_open(self, line: bytes) -> bool:
        with suppress(FieldError):  # a stray quote: the line is a row that cannot be read
            return any(QuotedRecords(delimiter).read(line) is None for delimiter in self._delimiters)
        return False


def _refuse_open_quotes(file: _File, head: _FileHead, header: Layout | None, config: Config) -> None:
    """Raise DataError if one of the first lines below the head leaves a quote open."""
    end = min(head.end + _HEAD_BYTES, file.size)
    lines = file.read(head.end, end).split(b"\n")
    if end < file.size:
        lines.pop()  # it may go on
    at = _Quotes(header or head.header, config).first_open(lines)
    if at is not None:
        raise file.quoted(lines[at], head.end + sum(len(line) + 1 for line in lines[:at]))


def _reversed_lines(file: _File, head: _FileHead, quotes: _Quotes, chunk_bytes: int) -> Iterator[bytes]:
    """Yield the lines of a file from its end down to its head, in chunks, each line with a newline."""
    end, count = file.size, head.lines
    while end > head.end:
        begin = max(head.end, end - chunk_bytes)
        block = file.read(begin, end)
        if begin > head.end:
            # Its first line may begin further up: the next chunk has it. If there is no other line, it is longer than a
            # chunk, and the reader refuses what there is of it.
            block = block[block.find(b"\n", 0, -1) + 1 :]
        end -= len(block)
        lines = block.removesuffix(b"\n").split(b"\n")
        if b'"' in block and (at := quotes.first_open(lines)) is not None:
            raise file.quoted(lines[at], end + sum(len(line) + 1 for line in lines[:at]))
        count += len(lines)
        lines.reverse()
        lines.append(b"")
        yield b"\n".join(lines)
    file.lines = count
    file.read(end, end)  # its size is still the same
