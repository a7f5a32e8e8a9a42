"""Symbols: columns that tell several series apart are found where times repeat or go back, and others are not."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal import Config, SignalStream, State, TimeOrder
from stream_signal.hints.doubts import doubts_of
from support.streams import by_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Table = list[tuple[Any, ...]]

START = 1_704_067_200
WAYS: list[dict[str, Any]] = [{}, {"size": 700}, {"size": 60}, by_blocks(50_000)]


def table(rows: Table, *names: str) -> bytes:
    """Make a file of rows: a time in minutes, a close, and further columns."""
    text = "".join(",".join(map(str, (START + 60 * minute, *cells))) + "\n" for minute, *cells in rows)
    return (",".join(["time", "close", *names]) + "\n" + text).encode()


def found(data: bytes, rows: int | None = None, size: int = 1 << 16, **options: Any) -> dict[int, list[bytes]]:
    """Return the columns that tell symbols in a file that is fed in pieces, and their values."""
    order = TimeOrder(rows=rows)
    stream = SignalStream(Config(key="none"), [order], **options)
    for at in range(0, len(data), size):
        stream.feed(data[at : at + size])
    stream.end_input()
    assert order.pairs  # all is compared
    return order.symbols


def closes(count: int) -> list[str]:
    """Draw closes."""
    draw = random.Random(7)
    return [f"{100 + draw.random():.2f}" for _ in range(count)]


def below(count: int, *symbols: str) -> Table:
    """Make the rows of symbols one below the other."""
    return [(at, close, symbol) for symbol in symbols for at, close in enumerate(closes(count))]


def in_turn(count: int, *symbols: str) -> Table:
    """Make the rows of symbols in turn."""
    return [(at, close, symbol) for at, close in enumerate(closes(count)) for symbol in symbols]


@pytest.mark.parametrize("make", [below, in_turn])
@pytest.mark.parametrize("count", [24, 300, 3000])
@pytest.mark.parametrize("symbols", ["AB", ["600000.SH", "000001.SZ", "000002.SZ"], ["2330", "2317"]])
def test_symbols_are_told(make: Callable[..., Table], count: int, symbols: Sequence[str]) -> None:
    """Below each other or in turn, oldest or newest first, as text or as codes, in any pieces: the column is told."""
    rows = make(count, *symbols)
    for data in (table(rows, "who"), table(rows[::-1], "who")):
        for options in WAYS:
            assert list(found(data, **options)) == [2], options


def test_the_first_rows_say_nothing() -> None:
    """Symbols below each other are told by the samples, where no row after the first ones is compared."""
    assert list(found(table(below(3000, "A", "B"), "who"), 100)) == [2]


@pytest.mark.parametrize("shift", range(-2, 3))
@pytest.mark.parametrize("order", [1, -1])
def test_the_edge_of_a_block(shift: int, order: int) -> None:
    """Symbols that change at the edge of an array, or of a chunk, are told as they are within one."""
    data = table(below(3000, "A", "B")[::order], "who")
    change = data.rindex((b",A\n", b",B\n")[order < 0]) + 3  # where the second one begins
    for first in (change, change + shift, change + 60 * shift):
        order_of_times = TimeOrder()
        stream = SignalStream(Config(key="none"), [order_of_times], **by_blocks(1 << 20))
        stream.feed(data[:first])
        stream.feed(data[first:])
        stream.end_input()
        assert list(order_of_times.symbols) == [2]


@pytest.mark.parametrize("count", [600, 2000])
@pytest.mark.parametrize("form", ["S{}A", "{:06}"])
def test_many_symbols(count: int, form: str) -> None:
    """More symbols at each time than a window has rows are told, too, below each other or as codes."""
    rows = [(at, "4.5", form.format(n)) for at in range(4) for n in range(count)]
    for options in ({}, {"size": 700}, by_blocks(1 << 20)):
        assert list(found(table(rows, "who"), **options)) == [2], options


def test_all_columns_that_tell_the_same() -> None:
    """A name beside a code is named as well, text before numbers; a column with more values is not."""
    rows = [(at, close, n, "XY"[n], at % 3) for at, close in enumerate(closes(50)) for n in range(2)]
    assert list(found(table(rows, "code", "name", "other"))) == [3, 2]


FEW = closes(400)
NONE: dict[str, Table] = {
    "trades with a side": [(at // 3, close, ["buy", "sell"][at % 7 % 2]) for at, close in enumerate(FEW)],
    "an hour again": [(at - 60 * (at >= 200), close, ["CEST", "CET"][at >= 200]) for at, close in enumerate(FEW)],
    "forming candles": [
        (at, close, int(final)) for at, close in enumerate(FEW) for final in [False] * (at % 3 == 0) + [True]
    ],
    "a page again": [(at - 20 * (at >= 100), close, "AB"[at % 2]) for at, close in enumerate(FEW)],
    "a date beside": [(at - 5 * (at >= 100), close, f"2024-01-{1 + at // 20:02}") for at, close in enumerate(FEW)],
    "in order": [(at, close, "AB"[at % 2]) for at, close in enumerate(FEW)],
    "newest first": [(400 - at, close, "AB"[at % 2]) for at, close in enumerate(FEW)],
    "numbers": [(at // 2, close, f"{at}.5") for at, close in enumerate(FEW)],
}


@pytest.mark.parametrize("name", NONE)
def test_no_symbols_are_told(name: str) -> None:
    """Sides, zones, flags, pages and dates tell none."""
    for options in WAYS:
        assert found(table(NONE[name], "other"), **options) == {}


def test_a_later_row_refutes() -> None:
    """A column in which a time comes again within one value tells no symbols, wherever that is."""
    rows = [*in_turn(1200, "A", "B"), (1201, "5", "A"), (1201, "5", "A")]
    assert list(found(table(rows[:-1], "who"), size=60)) == [2]
    assert found(table(rows, "who"), size=60) == {}


def test_it_is_a_doubt_until_somebody_says() -> None:
    """The doubt stands in place of those about times, and is none with a key, or where one series is meant."""
    data = table(in_turn(50, "A", "B"), "who")
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["symbols"]),
        ({"key": "who"}, []),
        ({"key": "none"}, ["repeated"]),
    ]
    for settings, kinds in cases:
        order = TimeOrder()
        stream = SignalStream(Config(**settings), [order])
        stream.feed(data)
        assert [doubt.kind for doubt in doubts_of(stream, order)] == kinds


def test_over_a_stop() -> None:
    """What was told stays told, and what tells nothing leaves nothing in the state."""
    order, again = TimeOrder(), TimeOrder()
    stream = SignalStream(Config(), [order])
    stream.feed(table(in_turn(50, "A", "B"), "who"))
    state = State.from_json(stream.state().as_json(), 5)
    SignalStream.from_state(Config(), state, [again])
    assert again.symbols == {2: [b"A", b"B"]}
    repeated = TimeOrder()
    SignalStream(Config(), [repeated]).feed(table([(1, "5", "A"), (1, "5", "A")], "who"))
    assert (repeated.counts, repeated.snapshot()["symbols"]) == ({"repeated": 1}, [])
