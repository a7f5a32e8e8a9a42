"""Parquet and Arrow files, as the CSV of the same numbers.

    in the file     ts: timestamp[ms]  open: double  close: double  volume: double
    read as         ts,open,close,volume
                    2024-01-01T00:00:00.000,,42004.66,

The header has the names of all columns, so that numbers of columns, errors and hints are those of CSV. The rows have
only what is needed: the close, its timestamp and its symbol; other fields stay empty, and their columns are not read.

A number is written as it is: a decimal with its scale, a float in the fewest digits that read back as it, in its own
precision. A timestamp is written in ISO 8601, in UTC if it has a zone. A null and NaN are empty: a missing close.

Closes that are floats are given as arrays too (`core.rows.Batch`), where rows can be counted without their texts.

Memory: BATCH_ROWS rows of the columns that are needed, of an Arrow file the largest of its record batches. Cost: 150 to
300 ns a row as text. pyarrow comes with the extra `arrow`, and is imported only for such a file.
"""

from __future__ import annotations

import io
from contextlib import contextmanager, suppress
from functools import cache, partial
from struct import pack, unpack_from
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.config import DELIMITERS
from stream_signal.core.errors import DataError, InputError, MissingColumnError, StreamSignalError, shown
from stream_signal.core.layout.layout import Layout, find_header, find_time
from stream_signal.core.limits import FIRST_ROWS
from stream_signal.core.rows import Batch
from stream_signal.core.series.grouping import label_positions
from stream_signal.inputs.parquet_footer import end_of_chunks, rising
from stream_signal.inputs.plain import unreadable
from stream_signal.inputs.probe import ARROW, ARROW_STREAM, PARQUET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from stream_signal.core.blocks.array_types import Integers
    from stream_signal.core.config import Config
    from stream_signal.inputs.plain import Opened

    # The name of a column, and how many others of that name come before it.
    _Place = tuple[str, int]

# Large enough that the calls of Arrow cost nothing beside their work; the text of so many rows is about 2 MB.
BATCH_ROWS = 64 * 1024
# With keys, each has few rows in a batch; so many have about as many bytes as lines between two samples.
_KEYED_SAMPLE_ROWS = 64
# Of row groups with fewer rows, several are one run: each run takes a millisecond.
_RUN_ROWS = 256 * 1024
# A column of a row group is read in pieces of this size: a row group may be as large as the file.
_BUFFER_BYTES = 1024 * 1024
# What ends a stream: the mark of a message, and a length of 0.
_END_OF_STREAM = b"\xff\xff\xff\xff" + bytes(4)
_REASON_CHARACTERS = 120
_SPECIAL = r'[,;\t|"\r\n]'
_INSTALL = "pip install 'stream-signal[arrow]'"
_JOINED = "`cat` cannot join such files: give them as paths, the oldest first"
_NO_FILE = "save it to a file of its own first, and give the path of that"
# The seconds at which the years 1 and 10000 begin; a year of any other length is no ISO 8601.
_FIRST_SECOND, _END_SECOND = -62_135_596_800, 253_402_300_800
# Within these sizes, Arrow writes a float as Python does, but for a point without digits behind it.
_LEAST_WITHOUT_EXPONENT, _END_WITHOUT_EXPONENT = 1e-4, 1e10
_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def read_columns(source: Opened, kind: str, start: bytes, config: Config) -> Iterator[bytes]:
    """Yield the CSV of a file of that kind, in chunks; `start` was read of it already. Errors as of `read_batches`."""
    for chunk in read_batches(source, kind, start, config):
        yield chunk if isinstance(chunk, bytes) else chunk.lines()


def read_batches(source: Opened, kind: str, start: bytes, config: Config) -> Iterator[bytes | Batch]:
    """Yield the header of a file of that kind and its rows, as a Batch if the closes are floats, otherwise as CSV.

    Parquet and Arrow files are read from their ends, so they need a source to seek in; a stream of Arrow does not.
    InputError if the file is damaged or cut, if it has a column of a type that cannot be read, or if pyarrow is not
    installed.
    """
    readers = {PARQUET: _read_parquet, ARROW: _read_arrow, ARROW_STREAM: _read_stream}
    with _opened(source, kind, start) as file:
        yield from readers[kind](file, config)


def _read_parquet(file: _File, config: Config) -> Iterator[bytes | Batch]:
    parquet = _open_parquet(file)
    if not file.source.is_slow:  # where it is, no more of it should be read than is needed
        _refuse_joined(file, PARQUET, b"PAR1", end_of_chunks)
    rows = _Rows(parquet.schema_arrow, config, file.source.name)
    yield rows.header
    if not rows.columns:
        return
    # By their names, which reads all columns that share one.
    names = parquet.schema_arrow.names
    places = [(names[at], names[:at].count(names[at])) for at in rows.columns]
    at = rows.closes_at
    if at is not None:
        yield from _read_closes(file, parquet, rows, places[at], [*places[:at], *places[at + 1 :]])
    else:
        needed = sorted({name for name, _ in places})
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=needed, use_threads=False):
            yield rows.take([_named(batch, *place) for place in places])
    if rows.count != parquet.metadata.num_rows:
        raise ValueError(f"{rows.count} rows, where its end says {parquet.metadata.num_rows}")
    file.source.check(0)


def _open_parquet(file: _File, metadata: Any = None) -> Any:
    """Open a Parquet file, the end of which may have been read."""
    from pyarrow.parquet import ParquetFile

    options = {"buffer_size": _BUFFER_BYTES, "pre_buffer": False, "page_checksum_verification": True}
    return ParquetFile(file, metadata=metadata, **options)


def _read_closes(
    file: _File, parquet: Any, rows: _Rows, close: _Place, others: Sequence[_Place]
) -> Iterator[bytes | Batch]:
    """Yield the rows of a Parquet file; other columns than the close are read where somebody looks at them.

    The first row of each batch is a sample. Where the footer says that all timestamps of some row groups are later than
    those before, it is that of the first batch alone, but for the last row group, which is read to its last row.
    """
    beside, ahead = (_Beside(file.source, parquet, others) for _ in range(2))
    rises = rising(_footer(file, b"PAR1"), others[0][0]) if len(others) == 1 else []
    runs = _runs_of(parquet.num_row_groups, parquet.metadata.num_rows)
    for run in runs:
        first, is_last = 0, run is runs[-1]
        are_samples = is_last or len(rises) != parquet.num_row_groups or not all(rises[run.start : run.stop])
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, row_groups=run, columns=[close[0]], use_threads=False):
            closes = _named(batch, *close)
            read = partial(beside.read, run, first, len(closes))
            if beside.is_followed:  # this thread has time for it
                read = partial(list, ahead.read(run, first, len(closes)))
            yield rows.take_closes(closes, read, is_sampled=not first or are_samples)
            first += len(closes)


def _runs_of(groups: int, rows: int) -> list[range]:
    """Cut the row groups of a file into runs of many rows.

    >>> _runs_of(5, 500_000), _runs_of(2, 10_000_000)
    ([range(0, 3), range(3, 5)], [range(0, 1), range(1, 2)])
    """
    length = max(1, -(-groups * _RUN_ROWS // max(rows, 1)))
    return [range(first, min(first + length, groups)) for first in range(0, groups, length)]


class _Beside:
    """The columns of a Parquet file at some places, beside the close: some rows at a time, best in their order."""

    def __init__(self, source: Opened, parquet: Any, places: Sequence[_Place]) -> None:
        self.is_followed = False
        """whether somebody looks at rows that are not the first ones of a run"""
        self._file = _File(source, b"")
        self._metadata = parquet.metadata
        self._places = places
        self._run = range(0)
        self._batches: Iterator[Any] = iter(())
        self._batch: Any = None
        self._begin = self._end = 0  # of its rows, in the run

    def read(self, run: range, first: int, count: int) -> list[Any]:
        """Return an array for each place, of so many rows; the first one has that number in a run of row groups."""
        if not self._places:
            return []
        import pyarrow as pa

        with _told(self._file.source.name, PARQUET, self._file):
            if run != self._run or first < self._begin:
                self._start(run)
            self.is_followed = self.is_followed or first > 0
            pieces: list[list[Any]] = []
            while count:
                while first >= self._end:
                    self._next()
                batch = self._batch.slice(first - self._begin, count)
                pieces.append([_named(batch, *place) for place in self._places])
                first, count = first + len(batch), count - len(batch)
            return [arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays) for arrays in zip(*pieces, strict=True)]

    def _start(self, run: range) -> None:
        parquet = _open_parquet(self._file, metadata=self._metadata)
        names = sorted({name for name, _ in self._places})
        self._run, self._begin, self._end = run, 0, 0
        self._batches = parquet.iter_batches(batch_size=BATCH_ROWS, row_groups=run, columns=names, use_threads=False)

    def _next(self) -> None:
        self._batch = next(self._batches, None)
        if self._batch is None:
            raise ValueError("fewer rows beside the closes")
        self._begin, self._end = self._end, self._end + len(self._batch)


def _read_arrow(file: _File, config: Config) -> Iterator[bytes | Batch]:
    from pyarrow import ipc

    schema = ipc.open_file(file).schema
    _refuse_joined(file, ARROW, b"ARROW1", _end_of_blocks)
    rows = _Rows(schema, config, file.source.name)
    yield rows.header
    if not rows.columns:
        return
    options = ipc.IpcReadOptions(included_fields=list(rows.columns), use_threads=False)
    reader = ipc.open_file(file, options=options)
    for number in range(reader.num_record_batches):
        yield from rows.take_all(reader.get_batch(number))
    file.source.check(0)


def _read_stream(file: _File, config: Config) -> Iterator[bytes | Batch]:
    from pyarrow import ipc

    reader = ipc.open_stream(file, options=ipc.IpcReadOptions(use_threads=False))
    rows = _Rows(reader.schema, config, file.source.name)
    yield rows.header
    if not rows.columns:
        return
    yield from rows.take_stream(reader)
    if file.last != _END_OF_STREAM:  # where a stream was cut between two batches, Arrow sees a stream that ends
        raise ValueError("no mark at its end")
    if file.read(1):
        raise ValueError("more bytes after its end")


def read_table(table: Any, config: Config) -> Iterator[bytes | Batch]:
    """Yield the header and the rows of a table in memory, of any library that gives it as a stream of Arrow.

    The index of a data frame is a column, if it is more than the numbers of the rows. Errors as of `read_batches`.
    """
    name = type(table).__name__
    with _told(name, ARROW_STREAM):
        import pyarrow as pa

        reader = pa.RecordBatchReader.from_stream(table)
        rows = _Rows(reader.schema, config, name)
        yield rows.header
        if rows.columns:
            yield from rows.take_stream(reader)


def _refuse_joined(file: _File, kind: str, mark: bytes, end_of_data: Callable[[bytes], int]) -> None:
    """Raise InputError if other files stand before the one at the end, as `cat a b` joins them.

        mark | data of a | footer of a | its length | mark | mark | data of b | footer of b | its length | mark

    The footer of b tells where its data is in b alone: `end_of_data` reads where that ends, or returns 0 if it cannot.
    Up to the footer, there is then too much by the length of a. What else is there is no reason to refuse a file:
    writers put indexes, filters and things of their own before the footer.
    """
    read_at, tail, footer = file.source.read_at, 4 + len(mark), _footer(file, mark)
    start = file.source.size - tail - len(footer)
    end = min(start, start - end_of_data(footer) + len(mark))
    while end > 0:
        begin = max(0, end - _BUFFER_BYTES)
        data = read_at(end - begin, begin)
        at = len(data)
        while (at := data.rfind(mark * 2, 0, at + len(mark) * 2 - 1)) >= 0:
            other = begin + at - 4  # where the length of the other footer is
            if other > 0 and 0 < unpack_from("<I", read_at(4, other))[0] <= other - len(mark):
                expected = f"expected one {kind} file, found another one joined to it at byte {other + tail}"
                raise unreadable(file.source.name, expected, _JOINED)
        end = begin + 2 * len(mark) - 1 if begin else 0


def _footer(file: _File, mark: bytes) -> bytes:
    """Return the footer of a file, as its end says how long that is."""
    end = file.source.size - 4 - len(mark)
    length = unpack_from("<I", file.source.read_at(4, end))[0]
    return file.source.read_at(length, end - length)


def _end_of_blocks(footer: bytes) -> int:
    """Return where the last block of an Arrow file ends, as its footer says, a table of FlatBuffers."""
    table = unpack_from("<I", footer)[0]
    fields = table - unpack_from("<i", footer, table)[0]
    end = 0
    for field in (2, 3):  # the blocks of dictionaries, and those of rows
        slot = 4 + 2 * field
        offset = unpack_from("<H", footer, fields + slot)[0] if slot < unpack_from("<H", footer, fields)[0] else 0
        if offset:
            vector = table + offset + unpack_from("<I", footer, table + offset)[0]
            for number in range(unpack_from("<I", footer, vector)[0]):
                start, head, body = unpack_from("<qi4xq", footer, vector + 4 + 24 * number)
                end = max(end, start + head + body)
    return end


class _Column(NamedTuple):
    """How the arrays of a column are read."""

    text: Callable[[Any], Any]
    """makes text of an array, null where a field is empty"""
    quoted: bool = False
    """whether CSV may have to quote the text"""
    check: Callable[[Any, int], None] | None = None
    """raises InputError if an array, behind so many rows, has what cannot be written"""


class _Rows:
    """Turns batches of rows into `Batch` or CSV; `header` is the line above them.

    `columns` are those that are needed, by their positions from 0. If the close cannot be found, no column is needed:
    the stream refuses the header, in the words that it has for CSV. InputError if a column has a type that cannot be
    read.
    """

    def __init__(self, schema: Any, config: Config, name: str) -> None:
        self.count = 0
        self._delimiter = config.delimiter or ","
        self._width = len(schema.names)
        self._name = name
        names = [" ".join(text.splitlines()) for text in schema.names]
        line = self._delimiter.join(map(_quoted, names)).encode() or b'""'
        self.header = b"" if config.header is False else line + b"\n"
        header = self._find(line, config)
        self._close = header.position if header else None
        self.columns: dict[int, _Column] = {}
        needed, may_be_times = _needed(header, config)
        for at in sorted({*needed, *may_be_times}):
            # A type that cannot be read is no time.
            with suppress(*(() if at in needed else (InputError,))):
                self.columns[at] = self._column(
                    schema.field(at), config, is_close=bool(header and at == header.position)
                )
        # Where the closes need not become text; None if they have to.
        self._floats: int | None = None
        self._has_labels = False
        with suppress(DataError):  # whoever reads the keys refuses what is wrong with them
            labels = label_positions(header, config) if header else ()
            # What is text may span lines, or be too long for one, which only the lines show; keys are looked at.
            is_text = any(column.quoted for at, column in self.columns.items() if at not in labels)
            if header and not is_text and _is_float(schema.field(header.position).type):
                self._floats = list(self.columns).index(header.position)
                self._layout = header.delimiter, header.position, header.width
                self._has_labels = bool(labels)
                self._sample_rows = _KEYED_SAMPLE_ROWS if labels else BATCH_ROWS
        self._others = [schema.field(at) for at in self.columns if at != self._close]

    def take_stream(self, reader: Any) -> Iterator[bytes | Batch]:
        """Yield the rows of the batches of a stream, which have all columns."""
        for batch in reader:
            yield from self.take_all(batch.select(list(self.columns)))

    def take_all(self, batch: Any) -> Iterator[bytes | Batch]:
        """Yield the rows of a batch of any length, which has the columns that are needed alone."""
        batch.validate(full=True)
        for start in range(0, batch.num_rows, BATCH_ROWS):
            yield self.take(batch.slice(start, BATCH_ROWS).columns)

    def take(self, arrays: Sequence[Any]) -> bytes | Batch:
        """Take rows: an array for each column that is needed, in order; InputError if one cannot be written."""
        size = sum(array.nbytes for array in arrays)
        arrays = self._checked(map(_decoded, arrays), self.count)
        self.count += len(arrays[0])
        if self._floats is None or not len(arrays[0]):
            return self._lines(arrays)
        floats, array_at = _floats_of(arrays[self._floats]), dict(zip(self.columns, arrays, strict=True)).__getitem__
        return Batch(
            self._layout, floats, size, partial(self._lines, arrays), partial(self._texts, array_at), self._sample_rows
        )

    @property
    def closes_at(self) -> int | None:
        """The place of the close among the columns, if `take_closes` may take the rows; None if not."""
        from pyarrow import types

        is_fit = not self._has_labels and all(types.is_primitive(field.type) for field in self._others)
        return self._floats if is_fit else None

    def take_closes(self, closes: Any, others: Callable[[], list[Any]], *, is_sampled: bool) -> Batch:
        """Take the closes of rows; `others` reads the arrays of the other columns, where somebody looks at these."""
        count, before = len(closes), self.count
        self.count += count

        @cache
        def arrays() -> list[Any]:
            beside = iter(others())
            every = [closes if at == self._close else next(beside) for at in self.columns]
            return self._checked(every, before)

        def array_at(position: int) -> Any:
            return closes if position == self._close else arrays()[list(self.columns).index(position)]

        bits = [bits for field in self._others for bits in (field.type.bit_width, int(field.nullable))]
        size = closes.nbytes + sum(-(-count * each // 8) for each in bits)
        return Batch(
            self._layout,
            _floats_of(closes),
            size,
            lambda: self._lines(arrays()),
            partial(self._texts, array_at),
            self._sample_rows if is_sampled else 0,
        )

    def _checked(self, arrays: Iterable[Any], before: int) -> list[Any]:
        """Return the arrays of rows behind so many others; InputError if one has what cannot be written."""
        arrays = list(arrays)
        for array, column in zip(arrays, self.columns.values(), strict=True):
            if column.check:
                column.check(array, before)
        return arrays

    def _lines(self, arrays: Sequence[Any]) -> bytes:
        """Return the lines of the rows."""
        import pyarrow.compute as pc

        parts: list[Any] = []
        written = 0
        for array, (position, column) in zip(arrays, self.columns.items(), strict=True):
            text = column.text(array)
            text = _with_quotes(text) if column.quoted else text
            if position == self._close:  # a line without anything would be no row
                missing, text = '""' if self._width == 1 else "nan", pc.fill_null(text, _scalar(""))
                is_empty = pc.or_(pc.equal(text, _scalar("")), pc.equal(text, _scalar('""')))
                text = pc.if_else(is_empty, _scalar(missing), text)
            parts += [_scalar(self._delimiter * (position - written)), text]
            written = position
        parts.append(_scalar(self._delimiter * (self._width - 1 - written) + "\n"))
        lines = pc.binary_join_element_wise(*parts, _scalar(""), null_handling="replace", null_replacement="")
        return _joined(lines)[0]

    def _texts(
        self, array_at: Callable[[int], Any], position: int, rows: Integers | None = None
    ) -> tuple[bytes, Integers]:
        """Return the texts of the column at a position, joined, and where each begins; or those of some rows."""
        import numpy as np

        if position not in self.columns:  # which is empty in the lines, too
            return b"", np.zeros((len(array_at(next(iter(self.columns)))) if rows is None else len(rows)) + 1, np.int64)
        array = array_at(position)
        are_few = len(array if rows is None else rows) <= FIRST_ROWS
        texts = _few_texts(array, slice(None) if rows is None else rows) if are_few else None
        if texts is None:
            if rows is None:
                return self._text_of(array, position)
            first = int(rows[0])
            text, begins = self._text_of(array.slice(first, int(rows[-1]) + 1 - first), position)
            texts = [text[begins[row] : begins[row + 1]] for row in (rows - first).tolist()]
        return b"".join(texts), np.cumsum([0, *map(len, texts)])

    def _text_of(self, array: Any, position: int) -> tuple[bytes, Integers]:
        text = self.columns[position].text(array)
        if text.null_count:
            import pyarrow.compute as pc

            text = pc.fill_null(text, _scalar(""))
        return _joined(text)

    def _find(self, line: bytes, config: Config) -> Layout | None:
        name, number = config.column_name, config.column_number
        if config.header is False:
            if number is None or number > self._width:
                raise MissingColumnError(number or "")
            return Layout(b"", (), self._delimiter, number - 1, self._width)
        column = name if name is not None else number
        try:
            return None if column is None else find_header(line, 1, column, config.delimiter)
        except DataError:
            return None

    def _column(self, field: Any, config: Config, *, is_close: bool) -> _Column:
        """Return how the arrays of a column are read."""
        from pyarrow import types

        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        is_fraction = types.is_decimal(kind) or _is_float(kind)
        if types.is_string(kind) or types.is_large_string(kind) or str(kind) == "string_view":
            return _Column(_cast, quoted=True)
        if is_fraction and is_close and config.decimal == ",":
            return _Column(_text_with_commas, quoted=True)
        if is_fraction or types.is_integer(kind) or types.is_null(kind):
            return _Column(_text_of_numbers)
        if types.is_timestamp(kind) and not is_close:
            return _Column(_text_of_times, check=partial(self._check_times, shown(field.name)))
        if (types.is_date(kind) or types.is_time(kind)) and not is_close:
            return _Column(_cast)
        expected = "numbers or text" if is_close else "timestamps, numbers or text"
        found = f"the type {field.type} in column {shown(field.name)}"
        raise unreadable(self._name, f"expected {expected}, found {found}")

    def _check_times(self, column: str, array: Any, before: int) -> None:
        unit = array.type.unit
        numbers, is_valid = _values_of(array, "i8"), _is_valid(array)
        times = numbers if is_valid is None else numbers[is_valid]
        for number in (int(times.min()), int(times.max())) if len(times) else ():
            if not _FIRST_SECOND <= number // _UNITS[unit] < _END_SECOND:
                is_here = numbers == number if is_valid is None else (numbers == number) & is_valid
                found = f"{number} {unit} since 1970 in row {before + int(is_here.argmax()) + 1}"
                expected = f"a year from 1 to 9999 in column {column}"
                raise unreadable(self._name, f"expected {expected}, found {found}")


def _needed(header: Layout | None, config: Config) -> tuple[set[int], range]:
    """Return the positions of the close, its timestamp and its key, and those of columns that may have the timestamp.

    There are none without a header with the close. If no name tells the timestamp, each column may have it.
    """
    if header is None:
        return set(), range(0)
    needed, may_be_times = {header.position}, range(0)
    # Whoever looks at the timestamps, or reads the keys, refuses what is wrong with them, as for CSV.
    with suppress(DataError):
        times = find_time(header, config.time_column)
        may_be_times = range(header.width if times is None else 0)
        needed |= set() if times is None else {times} if isinstance(times, int) else {*times}
    with suppress(DataError):
        needed |= {*label_positions(header, config)}
    return needed, may_be_times


def _decoded(array: Any) -> Any:
    """Return an array without its dictionary, if it has one."""
    from pyarrow import types

    return array.dictionary_decode() if types.is_dictionary(array.type) else array


def _named(batch: Any, name: str, number: int) -> Any:
    """Return the column of that name, the one behind so many others of it."""
    return batch.column([at for at, other in enumerate(batch.schema.names) if other == name][number])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if set(name) & {*DELIMITERS, '"'} else name


def _cast(array: Any) -> Any:
    import pyarrow as pa

    return array if array.type == pa.string() else array.cast(pa.string())


def _text_of_numbers(array: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import types

    if types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), pa.nulls(1, array.type)[0], array)
    return _cast(array)


def _text_with_commas(array: Any) -> Any:
    import pyarrow.compute as pc

    return pc.replace_substring(_text_of_numbers(array), ".", ",")


def _text_of_times(array: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    times = array.cast(pa.int64()).cast(pa.timestamp(array.type.unit))
    text = pc.binary_replace_slice(_cast(times), 10, 11, "T")
    return pc.binary_join_element_wise(text, _scalar("Z"), _scalar("")) if array.type.tz else text


def _few_texts(array: Any, rows: Integers | slice) -> list[bytes] | None:
    """Return the texts of some numbers or times, those that their column makes; None where Arrow has to make them.

    To import `pyarrow.compute`, which makes them, takes as long as to read a million closes.
    """
    import numpy as np
    from pyarrow import types

    kind = array.type
    if types.is_float64(kind):
        floats = _floats_of(array)[rows]
        sizes = np.abs(floats)
        is_short = (sizes >= _LEAST_WITHOUT_EXPONENT) & (sizes < _END_WITHOUT_EXPONENT)
        if not (is_short | (sizes == 0) | np.isnan(sizes)).all():
            return None
        return [repr(value).removesuffix(".0").removesuffix("nan").encode() for value in floats.tolist()]
    if array.null_count or not (types.is_int64(kind) or types.is_timestamp(kind)):
        return None
    numbers = _values_of(array, "i8")[rows]
    if types.is_int64(kind):
        return [b"%d" % number for number in numbers.tolist()]
    zone, texts = b"Z" if kind.tz else b"", numbers.view(f"M8[{kind.unit}]").astype("S")
    return [text + zone for text in texts.tolist()]


def _is_float(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_float32(kind) or types.is_float64(kind))


def _values_of(array: Any, kind: str) -> NDArray[Any]:
    """Return an array as one of NumPy of that kind, whatever stands where nulls are.

    Not by `to_numpy`: that imports pandas where there is one, which takes longer than many a file, and catches the
    exception of a stop signal meanwhile. So do `pa.array`, `pa.scalar`, and a function that is given a value of Python.
    """
    import numpy as np

    values: NDArray[Any] = np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]
    return values


def _is_valid(array: Any) -> NDArray[Any] | None:
    """Return for each value of an array whether it is one; None if there is no null."""
    import numpy as np

    if not array.null_count:
        return None
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], np.uint8), bitorder="little")
    flags: NDArray[Any] = bits[array.offset : array.offset + len(array)] == 1
    return flags


def _floats_of(array: Any) -> NDArray[Any]:
    """Return an array of floats as one of NumPy, with NaN for null."""
    import numpy as np

    floats, is_valid = _values_of(array, f"f{array.type.bit_width // 8}"), _is_valid(array)
    return floats if is_valid is None else np.where(is_valid, floats, floats.dtype.type("nan"))


@cache
def _scalar(text: str) -> Any:
    """Return a text as Arrow has it, without `pa.scalar`."""
    import pyarrow as pa

    data = text.encode()
    bounds = pa.py_buffer(pack("=2i", 0, len(data)))
    return pa.Array.from_buffers(pa.string(), 1, [None, bounds, pa.py_buffer(data)])[0]


def _with_quotes(array: Any) -> Any:
    """Quote the texts that CSV has to quote, whatever its delimiter."""
    import pyarrow.compute as pc

    special = pc.match_substring_regex(array, _SPECIAL)
    if not pc.any(special).as_py():
        return array
    quoted = pc.binary_join_element_wise(_scalar(""), pc.replace_substring(array, '"', '""'), _scalar(""), _scalar('"'))
    return pc.if_else(special, quoted, array)


def _joined(array: Any) -> tuple[bytes, Integers]:
    """Return the texts of an array, as they stand one behind the other in its buffer, and where each begins."""
    import numpy as np

    if not len(array):
        return b"", np.zeros(1, np.int64)
    _, offsets, text = array.buffers()
    begins = np.frombuffer(offsets, np.int32)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    begin, end = int(begins[0]), int(begins[-1])
    return bytes(text.slice(begin, end - begin)) if end > begin else b"", begins - begin


class _File(io.RawIOBase):
    """A source as a file for pyarrow: each read is whole, or ends at the end of the file; the first error is kept."""

    def __init__(self, source: Opened, start: bytes) -> None:
        self.source = source
        self.error: Exception | None = None
        self.last = b""
        """the last bytes that were read, as many as end a stream"""
        self._at = 0
        self._start = start  # of a stream, as far as it was read to find its format

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def seekable(self) -> bool:
        """Whether its end can be read first."""
        return self.source.file is not None

    def tell(self) -> int:
        """Return the place."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Continue at another place."""
        self._at = offset + (0, self._at, self.source.size)[whence]
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Read `size` bytes, or fewer at the end."""
        try:
            data = self.source.read_at(size, self._at) if self.source.file else self._read(size)
        except Exception as error:
            self.error = self.error or error
            raise
        self._at += len(data)
        self.last = (self.last + data)[-len(_END_OF_STREAM) :]
        return data

    def _read(self, size: int) -> bytes:
        """Read the next bytes of a stream."""
        pieces, self._start = [self._start[:size]], self._start[size:]
        missing = size - len(pieces[0])
        while missing and (piece := self.source.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)


@contextmanager
def _opened(source: Opened, kind: str, start: bytes) -> Iterator[_File]:
    """Give pyarrow a file to read."""
    file = _File(source, start)
    with _told(source.name, kind, file):
        if kind != ARROW_STREAM and source.file is None:
            raise unreadable(source.name, f"{kind} has to be read from the end of a file", _NO_FILE)
        yield file


@contextmanager
def _told(name: str, kind: str, file: _File | None = None) -> Iterator[None]:
    """Raise as InputError what pyarrow cannot read and what it raises, and that it is missing."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise unreadable(name, f"{kind} needs pyarrow ({error})", _INSTALL) from None
    try:
        yield
    except StreamSignalError:
        raise
    except (pa.ArrowException, OSError, ValueError, LookupError, OverflowError, MemoryError) as error:
        if file and file.error:
            raise file.error from None
        found = " ".join(str(error).split())[:_REASON_CHARACTERS] or type(error).__name__
        expected = f"expected whole {kind} data"
        raise unreadable(name, f"{expected}, found it damaged or cut ({found})") from error
