"""Columns cut out of a block of lines, all rows at once, against Python's split, one at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.columns import LONGEST, BatchColumns, Columns, IrregularLines
from stream_signal.core.blocks.decoder import PADDING, BlockDecoder

cells = st.one_of(
    st.sampled_from(["", "1", "12", "1700000000", "1700000060", "x" * LONGEST]),
    st.text("0123456789", min_size=9, max_size=11),
)


ROWS = 20
CAPACITY = 64 * 1024
# A close that is not plain.
ODD = "4e1"


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], int]:
    """Draw rows of one width, and the position of the close; the first column often has one length, as times have."""
    width = draw(st.integers(1, 5))
    close = draw(st.integers(0, width - 1))
    columns = [draw(st.sampled_from([cells, st.text("0123456789", min_size=10, max_size=10)]))] + [cells] * (width - 1)
    columns[close] = draw(st.sampled_from([st.just("42.25"), st.sampled_from(["42.25", "1", "-7.5", "9" * 16])]))
    return draw(st.lists(st.tuples(*columns).map(list), min_size=1, max_size=ROWS)), close


def columns_of(
    rows: list[list[str]], close: int, odd: set[int], *, delimiter: str = ",", line_end: str = "\n", blank: int = -1
) -> Columns:
    """Decode rows, of which some have a close that is odd, after a blank line before one of them."""
    texts: list[str] = []
    gone: list[int] = []
    records: dict[int, list[bytes] | None] = {}
    for at, row in enumerate(rows):
        if at == blank:
            gone.append(len(texts))
            texts.append("")
        if at in odd:
            row[close] = ODD
            records[at] = [cell.encode() for cell in row] if at % 3 else None
        texts.append(delimiter.join(row))
    lines = "".join(text + line_end for text in texts).encode()
    buffer = bytes(PADDING) + lines + bytes(PADDING)
    decoder = BlockDecoder(delimiter, close, len(rows[0]), CAPACITY)
    block = decoder.decode(buffer, PADDING, PADDING + len(lines))
    assert block
    closes = dict.fromkeys(records)
    return Columns(
        buffer, decoder, block, IrregularLines(block.irregular.tolist(), gone, closes, records, {}, None, len(texts))
    )


@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    odd=st.sets(st.integers(0, ROWS)),
    blank=st.integers(-1, ROWS),
)
def test_every_column(
    table: tuple[list[list[str]], int], delimiter: str, line_end: str, odd: set[int], blank: int
) -> None:
    """Each column is what split gives, whatever stands between the lines; and so are the texts of some rows."""
    rows, close = table
    rows += [["42"] * len(rows[0]) for _ in range(5 * ROWS)]  # a block of irregular lines is declined
    columns = columns_of(rows, close, odd, delimiter=delimiter, line_end=line_end, blank=blank)
    for position, column in enumerate(zip(*rows, strict=True)):
        texts = [b"" if at in odd and at % 3 == 0 else cell.encode() for at, cell in enumerate(column)]
        cut = columns.cells(position)
        assert cut is not None
        assert cut.tolist() == columns.texts(position) == texts
        assert columns.texts_at(position, np.arange(0, len(rows), 2)) == texts[::2]
        assert [columns.texts_at(position, np.array([at]))[0] for at in range(ROWS)] == texts[:ROWS]
    pair = (0, len(rows[0]) - 1)
    assert columns.texts_at(pair, np.arange(0, len(rows), 2)) == columns.texts(pair)[::2]


def test_a_first_column_of_two_lengths() -> None:
    """A short first text is told from a long one even where a delimiter stands as far from the start of both."""
    columns = columns_of([["1700", "5", "6"], ["17", "0", "5"]], 2, set())
    assert columns.cells(0) is not None
    assert columns.texts(0) == [b"1700", b"17"]


def test_a_batch_is_cut_out_once() -> None:
    """The texts of a batch are made once, however many rows ask for them: each one asks for those of all."""
    columns = BatchColumns(lambda _: (b"42.542", np.array([0, 4, 6])))
    assert columns.texts(0) is columns.texts(0) == [b"42.5", b"42"]
    assert columns.texts((0, 1)) is columns.texts((0, 1)) == [b"42.5 42.5", b"42 42"]


def test_what_is_not_cut() -> None:
    """A text that is too long, or has a zero byte, is for whoever goes line by line."""
    for text in ("1" * (LONGEST + 1), "1\0", "\0", "1\0" + "1"):
        for other in ("17", text):
            columns = columns_of([[other, "1"], [text, "1"]], 1, set())
            assert columns.cells(0) is None
            assert columns.texts(0) == [other.encode(), text.encode()]
