r"""The footer of a Parquet file: where its data ends, and between which values a column of each row group lies.

    data | FileMetaData, in the compact protocol of Thrift | its length, 4 bytes | PAR1

It is read here because pyarrow ends the process if it is asked for the places or the statistics of a column in a footer
that is damaged. A footer that cannot be read, or is longer than MOST_BYTES, tells nothing. Cost: 0.2 us a byte.

    >>> _read_struct(b"\x15\x02\x19\x18\x02BC\x00", 0)
    ({1: 1, 2: [b'BC']}, 8)
"""

from __future__ import annotations

from typing import Any, NamedTuple

# As of 60 row groups with 60 columns; a longer one takes more time than what it tells saves.
MOST_BYTES = 256 * 1024
# The types of the protocol.
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = {4, 5, 6}
# The fields of Parquet: of FileMetaData; RowGroup; ColumnChunk; ColumnMetaData; Statistics.
_ROW_GROUPS = 4
_COLUMNS = 1
_METADATA = 3
_TYPE, _PATH, _COMPRESSED_SIZE, _DATA_PAGE, _DICTIONARY_PAGE, _STATISTICS = 1, 3, 7, 9, 11, 12
_MAX_VALUE, _MIN_VALUE = 5, 6
_OF_INTEGERS = {1, 2}  # int32, int64


class _Chunk(NamedTuple):
    """A column of a row group."""

    path: Any
    """its name, and those of the columns that it is in"""
    end: int
    """where it ends in the file"""
    span: tuple[int, int] | None
    """the least and the greatest of its integers; None where they are not there"""


def end_of_chunks(footer: bytes) -> int:
    """Return where the last column of any row group ends; 0 if the footer does not tell."""
    return max((chunk.end for group in _row_groups(footer) for chunk in group), default=0)


def rising(footer: bytes, name: str) -> list[bool]:
    """Return for each row group whether all values of a column of integers are above those of the row groups before it.

    There are none if the footer does not tell.
    """
    found: list[bool] = []
    highest: int | None = None
    for group in _row_groups(footer):
        spans = [chunk.span for chunk in group if chunk.path == [name.encode()]]
        if len(spans) != 1 or spans[0] is None:
            return []
        least, most = spans[0]
        found.append(highest is None or highest < least)
        highest = most if highest is None else max(highest, most)
    return found


def _row_groups(footer: bytes) -> list[list[_Chunk]]:
    """Return the columns of each row group; none if the footer cannot be read."""
    if len(footer) > MOST_BYTES:
        return []
    try:
        groups = _read_struct(footer, 0)[0][_ROW_GROUPS]
        return [[_chunk_of(column[_METADATA]) for column in group[_COLUMNS]] for group in groups]
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return []


def _chunk_of(fields: dict[int, Any]) -> _Chunk:
    starts = [at for at in (fields.get(_DICTIONARY_PAGE), fields[_DATA_PAGE]) if at]
    values, span = fields.get(_STATISTICS, {}), None
    if fields[_TYPE] in _OF_INTEGERS and {_MIN_VALUE, _MAX_VALUE} <= values.keys():
        least, most = (int.from_bytes(values[field], "little", signed=True) for field in (_MIN_VALUE, _MAX_VALUE))
        span = least, most
    return _Chunk(fields[_PATH], min(starts) + fields[_COMPRESSED_SIZE], span)


def _read_struct(data: bytes, at: int) -> tuple[dict[int, Any], int]:
    """Return the fields of a struct that begins at a place, by their numbers, and where it ends."""
    fields: dict[int, Any] = {}
    number = 0
    while head := data[at]:
        at += 1
        if step := head >> 4:
            number += step
        else:
            number, at = _read_integer(data, at)
        kind = head & 15
        if kind in {_TRUE, _FALSE}:
            fields[number] = kind == _TRUE
        else:
            fields[number], at = _read(data, at, kind)
    return fields, at + 1


def _read(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    """Return a value of that type that begins at a place, and where it ends."""
    if kind in _INTEGERS:
        return _read_integer(data, at)
    if kind == _BINARY:
        length, at = _read_natural(data, at)
        return data[at : at + length], at + length
    if kind == _STRUCT:
        return _read_struct(data, at)
    if kind in {_LIST, _SET}:
        count, kind = data[at] >> 4, data[at] & 15
        at += 1
        if count == 15:
            count, at = _read_natural(data, at)
        values = []
        for _ in range(count):
            value, at = _read(data, at, kind)
            values.append(value)
        return values, at
    if kind in {_TRUE, _FALSE, _BYTE}:
        return data[at], at + 1
    if kind == _DOUBLE:
        return data[at + 7], at + 8
    raise ValueError("a type that Parquet does not use")


def _read_integer(data: bytes, at: int) -> tuple[int, int]:
    number, at = _read_natural(data, at)
    return (number >> 1) ^ -(number & 1), at


def _read_natural(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while (byte := data[at]) & 128:
        if shift > 63:
            raise ValueError("an integer that Parquet does not use")
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
    return number | byte << shift, at + 1
