r"""Blocks of lines -> rows as arrays: the block reader, which decodes all whole lines of a large chunk at once.

The text reader reads the irregular lines, which cannot be decoded exactly, one at a time; their closes are put in place
among the others. If a whole block is better read line by line, it is declined, and the text reader reads it. The two
take turns, and the answer does not depend on which of them read what.

      chunk   ...,4.58,1.5\n | 17,... \n 18,... \n 19,... \n | 20,4.5
               text reader   |       block reader         | text reader, which holds it until it is whole
                             |   but the irregular lines  |
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from stream_signal.core.blocks.columns import BatchColumns, Columns, IrregularLines
from stream_signal.core.blocks.decimals import LEAST_PLACES, to_ticks
from stream_signal.core.blocks.decoder import MAX_IRREGULAR_SHARE, PADDING, BlockDecoder
from stream_signal.core.blocks.grouping import blocks_of
from stream_signal.core.blocks.rolling import Ticks
from stream_signal.core.blocks.rows import ArrayRows
from stream_signal.core.blocks.spellings import Spellings
from stream_signal.core.findings import MISSING_CLOSE
from stream_signal.core.limits import FIRST_MARK, MARK_BYTES
from stream_signal.core.ticks import INT64_MAX, ticks_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream_signal.core.blocks.array_types import Integers
    from stream_signal.core.blocks.decoder import Block
    from stream_signal.core.layout.layout import Layout
    from stream_signal.core.limits import Tuning
    from stream_signal.core.rows import Batch, Rows
    from stream_signal.core.series.grouping import Grouping
    from stream_signal.core.text.reader import TextReader
    from stream_signal.core.ticks import Close

# What is costly to make, and says nothing about what comes next: the decoder that was used last, with what it was made
# of, which readers that take turns in one thread may share; and the spellings of keys, which one of them has at a time.
Scratch = dict[Any, Any]
_DECODER, _SPELLINGS = "decoder", "spellings"


class BlockReader:
    r"""Reads large chunks, in blocks as `tuning` has them; `text` reads the rest.

    >>> from stream_signal.core.config import Config
    >>> from stream_signal.core.series.grouping import grouping_of
    >>> from stream_signal.core.text.reader import TextReader
    >>> from stream_signal.core.limits import Tuning
    >>> grouping = grouping_of(Config())
    >>> tuning = Tuning(block_bytes=64 * 1024)
    >>> reader = BlockReader(TextReader(Config(), grouping, lambda _: (False, False)), grouping, tuning)
    >>> [len(rows) for rows in reader.rows(b"time,close\n" + b"17,4.58\n18,4.59\n" * 5000 + b"19,4.")]
    [1, 8189, 1808, 2]
    """

    def __init__(self, text: TextReader, grouping: Grouping, tuning: Tuning, scratch: Scratch | None = None) -> None:
        self._text = text
        self._grouping = grouping
        self._scratch = {} if scratch is None else scratch
        self._spellings: Spellings = self._scratch.pop(_SPELLINGS, None) or Spellings()
        self._blocks = blocks_of(grouping, self._spellings)
        self._block_bytes = tuning.block_bytes
        self._least_block_bytes = tuning.least_block_bytes
        self._decoder: BlockDecoder | None = None
        self._places = LEAST_PLACES  # with which the floats of a batch were proven last

    def keep(self) -> None:
        """Leave its spellings to the next reader: those of one that has failed may be half learnt."""
        self._scratch[_SPELLINGS] = self._spellings

    def rows(self, data: bytes) -> Iterator[Rows]:
        """Take the next bytes, cut anywhere; yield the rows that are now complete, as `TextReader.rows` does.

        Long stretches of whole lines without quotes are blocks; the text reader gets the rest.
        """
        at = 0
        while at < len(data):
            # The first line may have begun in earlier bytes, and the last one may continue in later ones.
            start = at if at >= PADDING else data.find(b"\n", PADDING - 1) + 1
            stop = min(at + self._block_bytes * self._blocks.size, len(data) - PADDING)
            quote = data.find(b'"', start, stop)
            end = data.rfind(b"\n", start, stop if quote < 0 else quote) + 1
            if start and end - start >= self._least_block_bytes:
                yield from self._text.rows(data[at:start])
                yield from self._lines(data, start, end)
            else:
                # As much as the shortest block, so that bytes full of quotes are not cut small.
                end = data.find(b"\n", max(at + self._least_block_bytes, quote)) + 1 or len(data)
                yield from self._text.rows(data[at:end])
            at = end

    def _lines(self, chunk: bytes, start: int, end: int) -> Iterator[Rows]:
        """Read whole lines without quotes."""
        text = self._text
        while text.awaits_row and start < end:
            first = chunk.find(b"\n", start, end) + 1
            yield from text.rows(chunk[start:first])
            start = first
        layout = text.header
        if layout and start < end and text.between_rows and self._blocks.needs_a_line:
            first = chunk.find(b"\n", start, end) + 1
            yield from text.rows(chunk[start:first])
            start = first
        if layout and start < end and text.between_rows:
            begin = text.offset
            rows = self._read(chunk, layout, start, end)
            start += text.offset - begin
            if rows is not None:
                yield rows
        if start < end:
            yield from text.rows(chunk[start:end])

    def _read(self, chunk: bytes, layout: Layout, start: int, end: int) -> Rows | None:
        """Read a block of lines; None to decline it."""
        if not self._decoder:
            block_bytes = self._block_bytes * self._blocks.largest
            wanted = (layout.delimiter, layout.position, layout.width, block_bytes)
            made_with, decoder = self._scratch.get(_DECODER, (None, None))
            if made_with != wanted:
                decoder = BlockDecoder(*wanted)
                self._scratch[_DECODER] = wanted, decoder
            self._decoder = decoder
        block = self._decoder.decode(chunk, start, end)
        if block and (last := _last_regular(block)) < len(block.ends):  # the others may be the end of the input
            block = self._decoder.decode(chunk, start, int(block.starts[last])) if last else None
        if block:
            block = self._blocks.look(chunk, block, self._decoder)
        if not block:
            return None
        marks = self._marks(block, self._text.offset - start)
        irregular = self._read_irregular(chunk, block)
        ticks, series = block.ticks[: irregular.lines_counted], self._blocks.series(irregular)
        if not isinstance(series, int):
            series = series[: irregular.lines_counted]
        if irregular.gone:
            ticks = np.delete(ticks, irregular.gone)
            series = series if isinstance(series, int) else np.delete(series, irregular.gone)
        columns, positions = Columns(chunk, self._decoder, block, irregular), _positions_of(marks, irregular)
        make = partial(ArrayRows, series=series, columns=columns, failure=irregular.failure, marks=positions)
        return self._as_rows(ticks, block.places, irregular.closes, make, block.largest)

    def _marks(self, block: Block, begin: int) -> Integers | None:
        """Return the lines of a block that have a byte to be marked, if `begin` is the offset of the chunk."""
        if not self._text.samples:
            return None
        first = int(block.starts[0])
        marks = np.arange(first + (FIRST_MARK - 1 - begin - first) % MARK_BYTES, block.ends[-1] + 1, MARK_BYTES)
        lines = block.ends.searchsorted(marks)
        return lines if block.longest < MARK_BYTES else np.unique(lines)

    @staticmethod
    def _as_rows(
        ticks: Integers,
        places: int,
        closes: dict[int, Close],
        make: Callable[..., ArrayRows],
        largest: int | None = None,
    ) -> Rows:
        """Make rows of ticks, and the `closes` that belong at some positions instead."""
        scaled = Ticks.of(ticks, places, closes, largest)
        if scaled is None:  # as lists they have no limit
            return make(Ticks(ticks, places, INT64_MAX, [])).as_lists(closes)
        return make(scaled)

    def batch(self, batch: Batch) -> Rows | None:
        """Read rows between two lines, whose closes are floats; None, with nothing read, if their lines are to be read.

        They are where an infinity has to be refused, if many closes cannot be proven to stand for a decimal, or if a
        key is not plain.
        """
        count, text = len(batch.closes), self._text
        floats, scratch = np.empty((2, count))
        with np.errstate(all="ignore"):  # infinities and overflows are no surprise: nothing is proven by them
            decimals = to_ticks(batch.closes, self._places, floats, scratch)
        self._places = decimals.places
        values = batch.closes[decimals.unproven]
        if len(values) > count * MAX_IRREGULAR_SHARE or not np.isfinite(values).all():
            return None
        columns = BatchColumns(batch.column)
        series = self._blocks.of_batch(columns.column)
        if series is None:
            return None
        closes: dict[int, Close] = dict(zip(decimals.unproven, map(ticks_of, values), strict=True))
        if decimals.missing is not None:
            gone = np.flatnonzero(decimals.missing).tolist()
            for at in gone:
                text.repairs.note(MISSING_CLOSE, text.line + at + 1)
            closes = dict(sorted((closes | dict.fromkeys(gone)).items()))
        text.skip_lines(count)
        floats[list(closes)] = 0
        marks: Any = np.arange(0, count, batch.sample_rows) if batch.sample_rows else []
        make = partial(ArrayRows, series=series, columns=columns, marks=marks)
        return self._as_rows(floats.astype(np.int64), decimals.places, closes, make)

    def _read_irregular(self, chunk: bytes, block: Block) -> IrregularLines:
        """Have the text reader read the irregular lines in order, and skip the lines between them."""
        text, starts, ends, grouping = self._text, block.starts, block.ends, self._grouping
        may_end, text.may_end = text.may_end, False  # a regular row follows
        irregular = IrregularLines(block.irregular.tolist(), [], {}, {}, {}, None, len(block.ticks))
        passed, at = 0, int(starts[0])
        for line in irregular.lines:
            text.skip_lines(line - passed, int(starts[line]) - at)
            passed, at = line + 1, int(ends[line]) + 1
            grouping.takes_keys = False  # they are taken in the order of all lines, later
            try:
                (rows,) = text.rows(chunk[starts[line] : ends[line] + 1])
                failure = rows.failure
            except BaseException as error:  # noqa: BLE001 - raised once the rows before it are counted
                failure = error
            finally:
                grouping.takes_keys = True
            if failure:
                text.may_end = may_end
                before = [at for at in irregular.lines if at < line]
                return irregular._replace(failure=failure, lines_counted=line, lines=before)
            if len(rows):
                row = line - len(irregular.gone)
                irregular.closes[row] = rows.closes[0]
                irregular.records[row] = rows.record(0)
                irregular.keys[line] = grouping.key
            else:
                irregular.gone.append(line)
        text.may_end = may_end
        text.skip_lines(irregular.lines_counted - passed, int(ends[-1]) + 1 - at)
        return irregular


def _last_regular(block: Block) -> int:
    """Return how many lines of a block remain without the irregular ones at its end."""
    count = len(block.ends)
    for line in block.irregular[::-1].tolist():
        if line < count - 1:
            break
        count = line
    return count


def _positions_of(lines: Integers | None, irregular: IrregularLines) -> Any:
    """Return the positions of the rows of some lines, ascending, without those that are no rows."""
    if lines is None:
        return []
    if irregular.gone:
        lines = lines[~np.isin(lines, irregular.gone)]
        lines -= np.searchsorted(irregular.gone, lines)
    if irregular.failure:
        lines = lines[lines < irregular.lines_counted - len(irregular.gone)]
    return lines
