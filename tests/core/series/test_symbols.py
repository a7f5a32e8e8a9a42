"""A second symbol in a stream of one series: an error, whichever engine reads it and however the bytes are cut."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream
from stream_signal.core.layout.layout import SYMBOL_NAMES
from stream_signal.core.state import NotApart
from support.keyed_files import market
from support.streams import by_blocks, moved, outcome

if TYPE_CHECKING:
    from collections.abc import Sequence


def rows_of(symbols: Sequence[str], close: str = "4.{}") -> bytes:
    """Make a file with a row for each symbol."""
    return market([(symbol, close.format(at % 7)) for at, symbol in enumerate(symbols)], time=int)


ERROR = "line {}: expected one symbol in column 'symbol', found 'ETH' after 'BTC'"


@pytest.mark.parametrize("name", sorted(SYMBOL_NAMES))
def test_every_name(name: str) -> None:
    """Each known name is that of a column of symbols, in any case; a part of it is not."""
    for column in (name, name.upper(), f" <{name.title()}>"):
        error = outcome([rows_of(["BTC", "ETH"]).replace(b"symbol", column.encode())])["error"]
        assert error == f"line 3: expected one symbol in column '{column.strip()}', found 'ETH' after 'BTC'"
    assert outcome([rows_of(["BTC", "ETH"]).replace(b"symbol", f"{name}_name".encode())])["error"] is None


def test_the_way_out() -> None:
    """The hint names both ways to go on, and each of them works."""
    data = rows_of(["BTC", "ETH", "BTC"])
    with pytest.raises(DataError) as failure:
        SignalStream().feed(data)
    assert failure.value.clue == ("symbols", {"column": "symbol"})
    assert [outcome([data], key=key)["rows"] for key in ("symbol", "none")] == [3, 3]


SYMBOLS = st.lists(st.sampled_from(["BTC", "BTC", "BTC", " BTC", "BTC ", '"BTC"', "", "ETH"]), max_size=200)


@given(
    SYMBOLS,
    st.sampled_from(["4.{}", "", "x", "4.{},9"]),
    st.lists(st.integers(0, 4000), max_size=6),
    st.sampled_from([64, 200, 4000]),
)
def test_neither_engine_nor_cuts_matter(symbols: list[str], odd: str, cuts: list[int], block_bytes: int) -> None:
    """Both engines refuse the same row, in a file with odd lines and bad rows, wherever the bytes are cut."""
    whole = rows_of(["BTC"] * 40 + symbols + ["BTC"] * 40) + rows_of(["BTC"] * 3, close=odd).partition(b"\n")[2]
    bounds = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[start:end] for start, end in itertools.pairwise(bounds)]
    wanted = outcome([whole], bad_rows="missing")
    assert outcome(pieces, bad_rows="missing") == wanted
    assert outcome(pieces, by_blocks(block_bytes), bad_rows="missing") == wanted
    names = [symbol.strip(' "') for symbol in symbols]
    second = names.index("ETH") + 42 if "ETH" in names else None
    assert wanted["error"] == (ERROR.format(second) if second else None)
    assert wanted["rows"] == (second - 2 if second else 80 + len(symbols) + 3)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_any_place(position: int) -> None:
    """The column may be the first, or the last with CR line ends; the block engine reads it there too."""
    for end in ("\n", "\r\n"):
        lines = [["symbol", "BTC"], ["time", "17"], ["close", "4.5"]]
        lines.insert(position, lines.pop(0))
        rows = [",".join(column[min(row, 1)] for column in lines) for row in range(900)]
        for symbol, wanted in (("BTC", None), ("ETH", ERROR.format(901)), ("BTCUSD", ERROR.format(901))):
            data = (end.join([*rows, rows[1].replace("BTC", symbol), *rows[1:600]]) + end).encode()
            found = outcome([data], by_blocks(4000))
            assert found["error"] == (wanted and wanted.replace("ETH", symbol))
            assert found == outcome([data])


TRAPS = {
    "the name at the same offset, in another column": "AA,B,BTC,{close}",
    "a longer name": "AAAA,BTCX,x,{close}",
    "a shorter one": "AAAA,BT,x,{close}",
    "no name": "AAAA,,x,{close}",
    "the name with spaces": "AAAA, BTC ,x,{close}",
    "another width before": "A,BTC,x,{close}",
    "a row that is cut": "AAAA,BT",
    "the name in the next row": "A,B",
    "a return behind the name": "AAAA,BTC\r,x,{close}",
}


@pytest.mark.parametrize("trap", TRAPS)
@pytest.mark.parametrize("wide", ["", "w" * 70])
def test_rows_that_look_alike(trap: str, wide: str) -> None:
    """What stands where the symbol of other rows does is not taken for it; the engines agree."""
    rows = [f"{wide}AAAA,BTC,x,{4 + at % 3}\n" for at in range(900)]
    rows[700] = wide + TRAPS[trap].format(close=5) + "\n"
    data = f"{wide}venue,symbol,note,close\n{''.join(rows)}".encode()
    found = outcome([data], by_blocks(64_000), bad_rows="missing")
    assert found == outcome([data], bad_rows="missing")
    assert (found["error"] is not None) == (trap in {*list(TRAPS)[:3], "a return behind the name"})
    last = b"close,symbol\r\n" + b"4,BTC\r\n" * 900 + b"4,BTC\r\r\n" + b"4,BTC\r\n" * 90
    assert outcome([last], by_blocks(64_000)) == outcome([last])


def test_many_widths() -> None:
    """A column behind one of many widths, or of names with many spaces, is read all the same."""
    for place in ("{0},BTC{1},4\n", "{0}{1},BTC,4\n"):
        rows = [place.format("v" * (at * 7 % 30), " " * (at * 5 % 20)) for at in range(900)]
        for last, error in (("BTC", None), ("ETH", ERROR.format(902))):
            data = f"venue,symbol,close\n{''.join(rows)}v,{last},4\n".encode() + b"v,BTC,4\n" * 40
            assert outcome([data], by_blocks(64_000))["error"] == error


def test_a_bad_row_of_another_symbol() -> None:
    """A row without a close that can be read has a symbol all the same."""
    data = rows_of(["BTC"] * 3) + b"3,ETH,x\n4,BTC,1\n"
    assert outcome([data], bad_rows="missing")["error"] == ERROR.format(5)


def test_two_such_columns() -> None:
    """Each of two columns may have one value; the one that has two is named."""
    rows = b"BTC,spot,1\nBTC,spot,2\nBTC,swap,3\n"
    error = outcome([b"asset,product,close\n" + rows])["error"]
    assert error == "line 4: expected one symbol in column 'product', found 'swap' after 'spot'"


def test_across_inputs() -> None:
    """The next input may not have another symbol; it is named, as is the line in it."""
    stream = SignalStream()
    stream.begin_input("btc.csv")
    stream.feed(rows_of(["BTC"] * 3))
    stream.end_input()
    stream.begin_input("eth.csv")
    with pytest.raises(DataError) as failure:
        stream.feed(rows_of(["ETH"] * 3))
    assert str(failure.value) == f"eth.csv: {ERROR.format(2)}"


def test_across_a_checkpoint() -> None:
    """A stream that resumes knows the symbol of the rows before; with `key: none` it may."""
    data = rows_of(["BTC"] * 3 + ["ETH"])
    stopped = SignalStream()
    stopped.feed(data[:-3])
    resumed, offset = moved(stopped, Config())
    with pytest.raises(DataError, match="found 'ETH' after 'BTC'"):
        resumed.feed(data[offset:])
    resumed, offset = moved(stopped, Config(key="none"))
    resumed.feed(data[offset:])
    assert resumed.rows == 4


def test_apart() -> None:
    """Lines counted apart are compared with the symbol of the stream; without one yet, they are for the stream."""
    stream = SignalStream()
    stream.feed(rows_of(["BTC"] * 3))
    apart = stream.apart()
    assert apart
    with pytest.raises(NotApart):
        SignalStream.count_apart(apart, [b"3,BTC,1\n4,ETH,2\n"])
    stream.add(SignalStream.count_apart(apart, [b"3,BTC,1\n"]), b"3,BTC,1\n")
    assert stream.rows == 4
    unknown = SignalStream()
    unknown.feed(rows_of([""] * 3))
    apart = unknown.apart()
    assert apart
    found = SignalStream.count_apart(apart, [b"3,ETH,1\n"])
    with pytest.raises(ValueError, match="does not begin where this stream is"):
        unknown.add(found, b"3,ETH,1\n")


def test_no_column_of_symbols() -> None:
    """The close, and the values of a file without a header, are no symbols."""
    assert outcome([b"time,pair\n1,4\n2,5\n"], column="pair")["rows"] == 2
    assert outcome([b"BTC,4\nETH,5\n"], column=2, header=False)["rows"] == 2
