"""Columns cut out of a block of lines, all rows at once, against Python's split, one at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.columns import LONGEST, BatchColumns, Columns
from stream_signal.core.layout.layout import Layout

cells = st.one_of(
    st.sampled_from(["", "1", "12", "1700000000", "1700000060", "x" * LONGEST]),
    st.text("0123456789", min_size=9, max_size=11),
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Draw rows of one width; the first column often has one length, as times have."""
    width = draw(st.integers(1, 4))
    first = draw(st.sampled_from([cells, st.text("0123456789", min_size=10, max_size=10)]))
    row = st.tuples(first, *[cells] * (width - 1)).map(list)
    return draw(st.lists(row, min_size=1, max_size=20))


@given(
    rows=tables(),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    between=st.sampled_from(["", "odd line, with; all |of\tthem\n"]),
    padding=st.integers(0, 80),
)
def test_every_column(rows: list[list[str]], delimiter: str, line_end: str, between: str, padding: int) -> None:
    """Each column is what split gives, whatever stands between the lines, and however near the end of the buffer."""
    buffer, starts, ends = b"x" * padding, [], []
    for row in rows:
        starts.append(len(buffer))
        buffer += (delimiter.join(row) + line_end).encode()
        ends.append(len(buffer) - 1)
        buffer += between.encode()
    header = Layout(b"", (), delimiter, 0, len(rows[0]))
    columns = Columns(buffer + b"x" * (padding // 2), header, np.array(starts), np.array(ends))
    for position, column in enumerate(zip(*rows, strict=True)):
        cut = columns.cells(position)
        assert cut is not None
        assert cut.tolist() == columns.texts(position) == [cell.encode() for cell in column]


def test_a_first_column_of_two_lengths() -> None:
    """A short first text is told from a long one even where a delimiter stands as far from the start of both."""
    header = Layout(b"", (), ",", 1, 3)
    columns = Columns(b"1700,5,6\n17,0,5\n", header, np.array([0, 9]), np.array([8, 15]))
    assert columns.cells(0) is not None
    assert columns.texts(0) == [b"1700", b"17"]


def test_a_batch_is_cut_out_once() -> None:
    """The texts of a batch are made once, however many rows ask for them: each one asks for those of all."""
    columns = BatchColumns(lambda _: (b"42.542", np.array([0, 4, 6])))
    assert columns.texts(0) is columns.texts(0) == [b"42.5", b"42"]
    assert columns.texts((0, 1)) is columns.texts((0, 1)) == [b"42.5 42.5", b"42 42"]


def test_what_is_not_cut() -> None:
    """A text that is too long, or has a zero byte, is for whoever goes line by line."""
    header = Layout(b"", (), ",", 1, 2)
    for text in (b"1" * (LONGEST + 1), b"1\0", b"\0"):
        buffer = b"17,1\n" + text + b",1\n"
        columns = Columns(buffer, header, np.array([0, 5]), np.array([4, len(buffer) - 1]))
        assert columns.cells(0) is None
        assert columns.texts(0) == [b"17", text]


@given(rows=tables(), odd=st.sets(st.integers(0, 30)), line_end=st.sampled_from(["\n", "\r\n"]))
def test_one_text(rows: list[list[str]], odd: set[int], line_end: str) -> None:
    """The texts of one row, or of some, are those of their column, also in odd rows, and of two columns."""
    buffer, starts, ends = b"", [], []
    records: dict[int, list[bytes] | None] = {}
    for at, row in enumerate(rows):
        if at in odd:
            records[at] = [cell.encode() for cell in row] if at % 3 else None
            continue
        starts.append(len(buffer))
        buffer += (",".join(row) + line_end).encode()
        ends.append(len(buffer) - 1)
    header = Layout(b"", (), ",", 0, len(rows[0]))
    columns = Columns(buffer, header, np.array(starts, np.int64), np.array(ends, np.int64), records)
    last = len(rows[0]) - 1
    for position in (0, last, (0, last)):
        assert [columns.texts_at(position, np.array([at]))[0] for at in range(len(rows))] == columns.texts(position)
        assert columns.texts_at(position, np.arange(0, len(rows), 2)) == columns.texts(position)[::2]
