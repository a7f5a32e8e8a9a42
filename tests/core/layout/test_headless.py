"""Rows without a header that have a known format: read by it, and told; the laws of the stream hold for them, too."""

from __future__ import annotations

import json
import pickle
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, MissingColumnError, SignalStream, State
from stream_signal.core.limits import MOST_LAYOUT_LINES
from support.streams import BY_ROWS, by_blocks, counted

CLOSES = [10.0, 12.0, 11.0, 14.0, 13.0, 9.0, 12.5, 15.0, 11.5, 13.5, 16.0, 12.0] * 4
START = 1_700_000_000


def row(roles: str, at: int, *, unit: int = 1, closes: list[float] = CLOSES) -> bytes:
    """Write a candle that opens at the close before it, in an order of columns."""
    opened, close = closes[at - 1], closes[at]
    cells = {
        "t": (START + 60 * at) * unit,
        "o": opened,
        "h": max(opened, close) + 1,
        "l": min(opened, close) - 1,
        "c": close,
    }
    return ",".join(str(cells.get(role, 7)) for role in roles).encode() + b"\n"


def rows_of(roles: str, count: int, *, unit: int = 1) -> bytes:
    """Write so many candles from the second one on."""
    return b"".join(row(roles, at, unit=unit) for at in range(1, count + 1))


KRAKEN, BITFINEX = "tohlcvv", "tochlv"
ROWS = [("kraken", KRAKEN, 1), ("bitfinex", BITFINEX, 1000), ("binance", "tohlcvvvvvvv", 1000), ("gateio", "tvchlo", 1)]


@pytest.mark.parametrize(("name", "roles", "unit"), ROWS, ids=[name for name, *_ in ROWS])
def test_recognised(name: str, roles: str, unit: int) -> None:
    """The rows are counted as with `format`, and the layout says which one it was."""
    data = rows_of(roles, 40, unit=unit)
    silent, said = SignalStream(), SignalStream(Config(format=name, newest_first=False))
    for stream in silent, said:
        stream.feed(data)
    assert silent.finish() == said.finish()
    assert said.header
    assert silent.header == said.header._replace(format=name, time=0)


@given(
    content=st.sampled_from(ROWS).flatmap(lambda it: st.integers(1, 40).map(lambda n: rows_of(it[1], n, unit=it[2]))),
    above=st.sampled_from([b"", b"\n", b"\xef\xbb\xbf", b"BTC\n"]),
    below=st.sampled_from([b"", b"\n", b"1,2\n", b"close,time\n1,2\n", b"1700003000,1,1"]),
    cuts=st.lists(st.integers(0, 3000), max_size=5),
    data=st.data(),
)
def test_any_cut(content: bytes, above: bytes, below: bytes, cuts: list[int], data: st.DataObject) -> None:
    """Cut anywhere, stopped anywhere, read by either engine: the answer, the layout or the refusal are the same."""
    content = above + content + below
    bounds = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = [content[start:end] for start, end in pairwise(bounds)]
    stops = data.draw(st.sets(st.integers(0, len(pieces))))
    engine = data.draw(st.sampled_from([BY_ROWS, by_blocks(64), by_blocks(65536)]))
    config = Config(window=2)
    assert counted(pieces, config, stops, **engine) == counted([content], config, set(), **BY_ROWS)


@given(cut=st.integers(16, 39))
def test_ranges(cut: int) -> None:
    """What is counted apart is read by the layout of the stream, once that is settled."""
    lines = rows_of(KRAKEN, 40).splitlines(keepends=True)
    whole, stream = SignalStream(), SignalStream()
    whole.feed(b"".join(lines))
    stream.feed(b"".join(lines[:cut]))
    apart = stream.apart()
    assert apart
    stream.add(SignalStream.count_apart(pickle.loads(pickle.dumps(apart)), lines[cut:]), b"".join(lines[cut:]))
    assert (stream.finish(), stream.header) == (whole.finish(), whole.header)


def test_the_state_has_the_format() -> None:
    """A resumed stream tells by which format its rows are read; no other name is one."""
    stream = SignalStream()
    stream.feed(rows_of(KRAKEN, 20))
    saved = json.loads(json.dumps(stream.state().as_json()))
    assert SignalStream.from_state(Config(), State.from_json(saved, 5)).header == stream.header
    for wrong in ("krakn", "binance", 7):
        saved["header"]["format"] = wrong
        with pytest.raises(ValueError, match=r"format|text"):
            State.from_json(saved, 5)


@pytest.mark.parametrize("count", [1, 4, 40])
@pytest.mark.parametrize("between", [b"", b"1700000000,,,,,7,7\n"], ids=["plain", "a row without a close"])
def test_a_later_input_of_the_same_format(count: int, between: bytes) -> None:
    """Each input without a header is read by the format of the first one, however short it is."""
    first, later = rows_of(KRAKEN, 20), rows_of(KRAKEN, count)
    lines = later.splitlines(keepends=True)
    later = b"".join([*lines[:12], between, *lines[12:]]) if count > 12 else later
    stream, alone = SignalStream(), SignalStream(Config(format="kraken"))
    for one in stream, alone:
        for data in first, later:
            one.feed(data)
            one.end_input()
    assert stream.finish() == alone.finish()


@pytest.mark.parametrize("later", [rows_of("tlhocvvv", 40), rows_of("tlhocvvv", 3), rows_of("tohlcvvv", 3, unit=1000)])
def test_a_later_input_of_another_format(later: bytes) -> None:
    """A later input whose rows have another format is refused, though each has a number where the close was."""
    stream = SignalStream()
    stream.feed(rows_of("tohlcvvv", 20))
    stream.end_input()
    stream.feed(later)
    with pytest.raises(DataError, match="rows of time, open, high, low, close, volume, as in the first input"):
        stream.end_input()


def test_a_header_below_numbers() -> None:
    """Lines of numbers above a header are a preamble, though the first of them may be a row of a known format."""
    data = rows_of(KRAKEN, 3) + b"\ntime,close\n60,1\n120,2\n"
    stream = SignalStream(Config(window=1))
    stream.feed(data)
    assert stream.finish().rows == 2
    assert stream.repairs.counts == {"preamble_lines": 3, "blank_lines": 1}
    assert [place.line for place in stream.repairs.first["preamble_lines"]] == [1, 2, 3]


@pytest.mark.parametrize(
    "settings",
    [
        {"column": 4},
        {"column": "open"},
        {"time_column": 1},
        {"header": "auto"},
        {"newest_first": True},
        {"decimal": ","},
    ],
    ids=str,
)
def test_what_is_said_is_not_looked_for(settings: dict[str, Any]) -> None:
    """Where a setting says something of the layout, the rows are read as it says, or refused as ever."""
    with pytest.raises(DataError):
        SignalStream(Config(**settings)).feed(rows_of(KRAKEN, 40))


def test_the_open_in_place_of_the_close() -> None:
    """Rows of a known format whose open and close are exchanged are refused: the step from row to row tells."""
    stream = SignalStream()
    stream.feed(rows_of("tchlovv", 40))
    with pytest.raises(MissingColumnError):
        stream.finish()


def test_no_more_than_a_bound() -> None:
    """Flat rows, which never tell, are held back up to a bound."""
    flat = b"".join(b"%d,5,5,5,5,7,7\n" % (START + 60 * at) for at in range(MOST_LAYOUT_LINES))
    stream = SignalStream()
    stream.feed(flat[: flat.rindex(b"\n", 0, -1) + 1])
    assert (stream.header, stream.closed) == (None, False)
    with pytest.raises(MissingColumnError):
        stream.feed(flat)


def test_a_close_that_is_none() -> None:
    """The error of a row names the number of the close, because there is no name."""
    stream = SignalStream()
    with pytest.raises(DataError, match="in column 5"):
        stream.feed(rows_of(KRAKEN, 20) + b"1700009999,1,1,1,x,1,1\n")
