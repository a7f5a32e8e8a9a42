"""The footer of a Parquet file: it says what pyarrow reads in it, and where it is damaged nothing at all."""

from __future__ import annotations

import io
from struct import unpack_from
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyarrow")
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from stream_signal.inputs.parquet_footer import MOST_BYTES, end_of_chunks, rising
from support.columns import WRITERS, Table, tables

if TYPE_CHECKING:
    from collections.abc import Sequence


def written(table: Any, rows: int, **options: Any) -> bytes:
    """Return the bytes of a Parquet file."""
    file = io.BytesIO()
    parquet.write_table(table, file, row_group_size=rows, **options)
    return file.getvalue()


def footer_of(data: bytes) -> bytes:
    """Return the footer of a file."""
    return data[-8 - unpack_from("<I", data, len(data) - 8)[0] : -8]


@given(table=tables(), rows=st.integers(1, 50))
def test_where_the_data_ends(table: Table, rows: int) -> None:
    """The data ends where the last column does, by the places that pyarrow reads."""
    file = io.BytesIO()
    WRITERS["parquet"](table.table, file, rows)
    metadata = parquet.read_metadata(file)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    chunks = [group.column(number) for group in groups for number in range(group.num_columns)]
    ends = [(chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size for chunk in chunks]
    assert end_of_chunks(footer_of(file.getvalue())) == max(ends)


@given(
    values=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(0, 9), min_size=1),
    rows=st.integers(1, 9),
    kind=st.sampled_from([pa.int64(), pa.timestamp("ns", "UTC")]),
)
def test_where_values_rise(values: list[int | None], rows: int, kind: Any) -> None:
    """A row group rises if all of its values are above those before it; one of nulls alone says nothing."""
    table = pa.table({"other": ["x"] * len(values), "time": pa.array(values, pa.int64()).cast(kind)})
    groups = [[value for value in values[at : at + rows] if value is not None] for at in range(0, len(values), rows)]
    wanted = [
        max((value for before in groups[:at] for value in before), default=-(2**64)) < min(group, default=0)
        for at, group in enumerate(groups)
    ]
    assert rising(footer_of(written(table, rows)), "time") == (wanted if all(groups) else [])


@pytest.mark.parametrize(
    ("values", "options"),
    [([1, 2], {"write_statistics": False}), ([1.5, 2.5], {}), (["1", "2"], {}), ([{"time": 1}, {"time": 2}], {})],
    ids=["no statistics", "floats", "text", "a group of columns"],
)
def test_what_does_not_tell(values: Sequence[Any], options: dict[str, Any]) -> None:
    """Without statistics of integers, no row group is known to rise."""
    assert rising(footer_of(written(pa.table({"time": values}), 1, **options)), "time") == []


@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255), cut=st.integers(0, 50))
def test_damaged(place: float, byte: int, cut: int) -> None:
    """A footer that is damaged or cut raises nothing."""
    footer = bytearray(footer_of(written(pa.table({"time": [1, 2, 3], "close": [4.5, 4.6, 4.7]}), 1)))
    footer[int(place * len(footer))] = byte
    for damaged in (bytes(footer), bytes(footer[: len(footer) - cut]), bytes(footer[cut:])):
        assert type(end_of_chunks(damaged)) is int
        assert set(rising(damaged, "time")) <= {True, False}


@pytest.mark.parametrize("byte", [b"\x19", b"\x1c", b"\xff", b"\x80", b"\x97"])
def test_no_end(byte: bytes) -> None:
    """What nests, counts or goes on without an end ends all the same, and a footer that is too long is not read."""
    for length in (1000, MOST_BYTES, MOST_BYTES + 1):
        assert (end_of_chunks(byte * length), rising(byte * length, "time")) == (0, [])
