"""Rows that are held back until their layout is settled: the laws of the stream hold for them, too."""

from __future__ import annotations

import pickle
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream
from stream_signal.core.limits import MOST_LAYOUT_BYTES, MOST_LAYOUT_LINES
from support.streams import BY_ROWS, by_blocks, counted

DATES = [f"2024-01-{day:02}" for day in range(1, 29)]
EPOCHS = [str(1_700_000_000 + 60 * minute) for minute in range(40)]
HEADLESS = {"header": False, "column": 2}


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, dict[str, Any]]:
    """Rows with a time, or none, in a column that no name tells."""
    times = draw(st.sampled_from([DATES, EPOCHS, DATES[::-1], ["1", "2"] * 9, ["1700000000"] * 20]))
    cell = st.sampled_from(["1", "1.5", "", "2024-01-01", '"7"', '"4\n5"', "x", "1700000000"])
    rows = [[time, draw(st.sampled_from(["1", "2.5", "3", ""])), draw(cell)] for time in times]
    lines = [",".join(row) for row in rows[: draw(st.integers(0, len(rows)))]]
    for at in draw(st.lists(st.integers(0, len(lines)), max_size=2)):
        lines.insert(at, draw(st.sampled_from(["", "when,close,much", "2024-01-01", '"'])))
    has_header = draw(st.booleans())
    if has_header:
        lines[:0] = ["when,close,much"]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    settings = {} if has_header else HEADLESS
    return (end.join(lines) + draw(st.sampled_from(["", end]))).encode(), {"bad_rows": "missing", **settings}


@given(file=files(), cuts=st.lists(st.integers(0, 400), max_size=5), data=st.data())
def test_any_cut(file: tuple[bytes, dict[str, Any]], cuts: list[int], data: st.DataObject) -> None:
    """Cut anywhere, stopped anywhere, read by either engine: the rows, their times and the layout are the same."""
    content, settings = file
    config = Config(window=2, **settings)
    bounds = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = [content[start:end] for start, end in pairwise(bounds)]
    stops = data.draw(st.sets(st.integers(0, len(pieces))))
    engine = data.draw(st.sampled_from([BY_ROWS, by_blocks(64), by_blocks(65536)]))
    assert counted(pieces, config, stops, **engine) == counted([content], config, set(), **BY_ROWS)


@given(count=st.integers(2, 28), cut=st.integers(1, 27))
def test_ranges(count: int, cut: int) -> None:
    """What is counted apart is read by the layout of the stream, once that is settled."""
    lines = [f"{day},{at},1\n".encode() for at, day in enumerate(DATES[:count])]
    whole, stream = SignalStream(Config(window=2)), SignalStream(Config(window=2))
    whole.feed(b"".join([b"when,close,much\n", *lines]))
    stream.feed(b"".join([b"when,close,much\n", *lines[: cut + 1]]))
    apart = stream.apart()
    assert apart
    stretch = SignalStream.count_apart(pickle.loads(pickle.dumps(apart)), lines[cut + 1 :])
    stream.add(stretch, b"".join(lines[cut + 1 :]))
    assert (stream.finish(), stream.header) == (whole.finish(), whole.header)


@pytest.mark.parametrize(
    ("header", "rows", "waits", "time"),
    [
        (b"time,close", [b"x,1"], 1, 0),
        (b"close", [b"1"], 1, None),
        (b"close,volume", [b"1,2"], 1, None),
        (b"when,close", [b"2024-01-01,1", b"2024-01-01,1", b"2024-01-02,1"], 4, 0),
        (b"when,close", [b"2024-01-01,1", b"2024-01-02,1"], 2, 0),
        (b"when,close", [b"2024-01-01,1", b"x,1"], 2, None),
        (b"index,close", [b"1,1", b"2,1"], 1, None),
        (b"index,close", [b"2024-01-01,1", b"2024-01-02,1"], 2, 0),
        (b"t,day,close", [b"7,2024-01-01,1", b"3,2024-01-02,1"], 2, 1),
        (b"when,close", [b"%d,1" % (1_700_000_000 + at) for at in range(9)], 8, 0),
    ],
)
def test_as_few_rows_as_tell(header: bytes, rows: list[bytes], waits: int, time: int | None) -> None:
    """A live row waits only where no name tells the time, and until the rows do: no longer than 4 of them for dates."""
    stream = SignalStream(Config(window=1))
    stream.feed(header + b"\n")
    counts = [stream.rows if stream.header else -1]
    for row in [*rows, *rows[-1:] * 2]:
        stream.feed(row + b"\n")
        counts.append(stream.rows if stream.header else -1)
    assert counts.index(waits) == waits
    assert counts[:waits] == [-1] * waits
    assert stream.header
    assert stream.header.time == time


def test_no_more_than_a_bound() -> None:
    """Rows that never tell are held back up to a bound, of lines and of bytes."""
    long = b"1700000000,%s1\n" % (b" " * 9999)
    for row, most in ((b"1700000000,1\n", MOST_LAYOUT_LINES), (long, MOST_LAYOUT_BYTES // 10_011 + 1)):
        stream = SignalStream(Config(window=1))
        stream.feed(b"when,close\n" + row * (most - 1))
        assert stream.rows == 0
        stream.feed(row)
        assert stream.rows == most
