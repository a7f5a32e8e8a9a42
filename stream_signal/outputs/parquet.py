"""Parquet: a table as a whole, or signals as rows are counted.

    1,1704067200,42004.66,,0     row int64, key, time and close string, mean double, signal bool

The columns of signals are those of the lines of CSV, read by Arrow: what is empty there is null, and each value is the
same. A close stays the text that it is: no other type holds each, of any size and with any places, and the type has to
be known before the last row.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import OutputError
from stream_signal.core.urls import shown_path
from stream_signal.outputs.files import Replacement, check_replaceable, is_special, writing
from stream_signal.outputs.parts import Sink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from stream_signal.core.errors import StreamSignalError
    from stream_signal.core.observers.signal_lines import SignalLines

# A row group is made of so many bytes of lines, some 100,000 rows: enough for a reader to be fast. In memory, there are
# these lines, and then their columns.
GROUP_BYTES = 4 * 1024 * 1024


def check_parquet(path: str) -> None:
    """Raise OutputError, before anything is read, if Parquet cannot be written."""
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError as error:
        raise OutputError(f"cannot write {path!r}: Parquet needs pyarrow ({error})").with_hint(
            "pip install 'stream-signal[arrow]'"
        ) from None


def parquet_of(columns: Sequence[str], lines: Sequence[Sequence[Any]]) -> bytes:
    """Return a table of lines that have a value for each column: a text, a number or None."""
    import io

    import pyarrow as pa
    from pyarrow import parquet

    arrays = [pa.array([line[at] for line in lines]) for at in range(len(columns))]
    file = io.BytesIO()
    parquet.write_table(pa.table(arrays, names=list(columns)), file)
    return file.getvalue()


class ParquetSignals(Sink):
    """Writes the signals of `lines`, which are lines of CSV, to a file that takes the place of `path` at the end.

    A context. If the job fails or is stopped, the file of an earlier one stays as it was. OutputError if it cannot be
    written. A row group is made of lines of `group_bytes` or a little more.
    """

    def __init__(self, path: str, lines: SignalLines, group_bytes: int = GROUP_BYTES) -> None:
        self.observers = [lines]
        self._path = path
        self._lines = lines
        self._group_bytes = group_bytes
        self._pieces: list[bytes] = []
        self._size = 0
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        check_replaceable(self._path)
        if is_special(self._path):
            raise OutputError(f"cannot write {shown_path(self._path)}: Parquet takes a file, not a pipe or a device")
        check_parquet(self._path)
        import pyarrow as pa
        from pyarrow import parquet

        self._types = {name: _type_of(name) for name in self._lines.format.header.decode().strip().split(",")}
        with self._in_words(), ExitStack() as resources:
            self._file = resources.enter_context(Replacement(self._path))
            self._sink = _Writes(self._file.write)
            # Only keys come again often enough for a dictionary: without others it takes half the time.
            self._writer = parquet.ParquetWriter(self._sink, pa.schema(self._types.items()), use_dictionary=["key"])
            resources.callback(self._drop_writer)
            self._resources = resources.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._resources.close()

    def take(self, size: int = 0, tail: bytes = b"") -> None:  # noqa: ARG002 - their lines are in `lines` by now
        """Take the lines of the rows that were counted, and write a row group once there are enough."""
        if text := self._lines.take():
            self._pieces.append(text)
            self._size += len(text)
        if self._size >= self._group_bytes:
            self._write_group()

    def end(self, rotated: str | None) -> None:  # noqa: ARG002 - for any reason
        """Take the line of the last row of an input."""
        self.take()

    def finish(self) -> None:
        """Complete the file, and put it in its place."""
        self.take()
        if self._size:
            self._write_group()
        with self._in_words():
            self._writer.close()
            self._file.commit()

    def fail(self, error: StreamSignalError) -> None:  # noqa: ARG002 - for any reason
        """Remove what was written, before the error record may need its space."""
        self._resources.close()

    def _drop_writer(self) -> None:
        """Close the writer without a write: left open, it would complete the file by itself later on."""
        self._sink.write = len
        with suppress(Exception):
            self._writer.close()

    def _write_group(self) -> None:
        text = b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        with self._in_words():
            self._writer.write_table(_table_of(text, self._types))

    def _in_words(self) -> AbstractContextManager[None]:
        return writing(self._path, in_place=False)


class _Writes:
    """What Arrow takes for a file; `write` may be exchanged."""

    closed = False

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.write = write


def _type_of(column: str) -> Any:
    """Return the type of a column of signals."""
    import pyarrow as pa

    kinds = {"row": pa.int64, "mean": pa.float64, "signal": pa.bool_}
    return kinds.get(column.partition("_")[0], pa.string)()


def _table_of(lines: bytes, types: dict[str, Any]) -> Any:
    """Return lines of CSV as a table; what is empty is null."""
    import pyarrow as pa
    from pyarrow import csv

    if not lines.isascii():
        lines = lines.decode("utf-8", "replace").encode()
    # Unlike `read_csv`, it leaves the handlers of stop signals alone.
    return csv.open_csv(
        pa.py_buffer(lines),
        csv.ReadOptions(use_threads=False, block_size=len(lines), column_names=list(types)),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    ).read_all()
