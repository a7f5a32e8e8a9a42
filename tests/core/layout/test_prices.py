"""The close, by its name and by what prices do: the right column, or candidates with the right one among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.formats import FORMATS
from stream_signal.core.layout.prices import close_by_name, find_closes, formats_of, recognise, step_between
from support.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.formats import Format

WITHOUT_HEADER = [(name, roles) for name, known in FORMATS.items() for roles in known.roles]
every_layout = pytest.mark.parametrize(("name", "roles"), WITHOUT_HEADER)


class Times(NamedTuple):
    """Where the timestamps are, and which way they go."""

    position: int | tuple[int, int]
    direction: int


class Candles(NamedTuple):
    """Candles in the order of time, each opening near the close of the one before."""

    prices: list[dict[str, str]]

    def rows(self, roles: str, times: Sequence[str], direction: int = 1) -> list[list[str]]:
        """Return them as rows of such columns."""
        rows = []
        for number, candle in enumerate(self.prices):
            stamps = iter(times[number].split(" ", roles.count("t") - 1) if times else ())
            cells = {"v": str(number % 7 + 0.5), "x": "true"} | candle
            rows.append([next(stamps) if role == "t" else cells[role] for role in roles])
        return rows[::direction]


@st.composite
def candles(draw: st.DrawFn, least: int = 20) -> Candles:
    """Draw candles; in most of them the close is not the open, and each opens where the one before closed."""
    steps = draw(st.lists(st.integers(1, 90) | st.integers(-90, -1), min_size=least, max_size=60))
    last, prices = 10_000, []
    for step in steps:
        opened, last = last, last + step
        high, low = max(opened, last) + abs(step) % 7, min(opened, last) - abs(step) % 5
        prices.append(
            {role: f"{price / 100:.2f}" for role, price in zip("ohlc", (opened, high, low, last), strict=True)}
        )
    return Candles(prices)


def stamps_of(name: str, count: int) -> list[str]:
    """Return timestamps in the form of the samples of a format, a day apart."""
    time = next(sample.time for sample in SAMPLES if sample.format == name)
    return [time(1_704_067_200 + 86_400 * number) for number in range(count)]


def known_of(name: str) -> tuple[Format, int | tuple[int, int]]:
    """Return a format, and where it has its times, from 0."""
    known = FORMATS[name]
    column = known.time_column
    if isinstance(column, tuple):
        return known, (int(column[0]) - 1, int(column[1]) - 1)
    assert isinstance(column, int)
    return known, column - 1


@every_layout
@given(drawn=candles(), direction=st.sampled_from([1, -1]))
def test_a_known_format_is_recognised(name: str, roles: str, drawn: Candles, direction: int) -> None:
    """Rows of a known format are taken as it, or as one with the same time and close, whichever way the times go."""
    known, position = known_of(name)
    rows = drawn.rows(roles, stamps_of(name, len(drawn.prices)), direction)
    taken = recognise(rows, known.delimiter or ",", Times(position, direction))
    assert taken is not None
    assert taken == recognise(rows, known.delimiter or ",", Times(position, direction), whole=True)
    assert (taken.time_column, taken.roles_of(len(roles)).index("c")) == (known.time_column, roles.index("c"))


@every_layout
@given(drawn=candles(least=2), direction=st.sampled_from([1, -1, 0]))
def test_open_and_close_exchanged(name: str, roles: str, drawn: Candles, direction: int) -> None:
    """Rows whose open stands where the close of the format is, are never taken for it by their form alone."""
    known, position = known_of(name)
    exchanged = roles.translate(str.maketrans("oc", "co"))
    rows = drawn.rows(exchanged, stamps_of(name, len(drawn.prices)), direction or 1)
    for whole in (True, False):
        assert recognise(rows, known.delimiter or ",", Times(position, direction), whole=whole) is None


@every_layout
@given(drawn=candles())
def test_nothing_is_taken_without_a_direction_of_time(name: str, roles: str, drawn: Candles) -> None:
    """Without times, or a direction of them, no format is taken, since open and close cannot be told apart."""
    known, position = known_of(name)
    rows = drawn.rows(roles, stamps_of(name, len(drawn.prices)))
    assert recognise(rows, known.delimiter or ",", Times(position, 0)) is None
    assert recognise(rows, known.delimiter or ",", None) is None


@every_layout
def test_every_row_has_to_fit(name: str, roles: str) -> None:
    """One row with another time, without a price, or with a close above the high, and it is not the format."""
    known, position = known_of(name)
    candle = {"o": "10", "h": "12", "l": "9", "c": "11"}
    rows = Candles([candle] * 12).rows(roles, stamps_of(name, 12))
    times = Times(position, 1)
    assert formats_of(rows, known.delimiter or ",", times)
    for role, cell in (("t", "soon"), ("c", "12.5"), ("h", "x"), ("l", "")):
        broken = [*rows, [cell if at == roles.index(role) else text for at, text in enumerate(rows[0])]]
        assert formats_of(broken, known.delimiter or ",", times) == []
    elsewhere = Times(len(roles) - 1, 1)
    assert formats_of(rows, known.delimiter or ",", elsewhere) == []


def test_few_telling_rows() -> None:
    """Seven columns are taken with ten rows that tell an open from a close, and not with nine."""
    candle = [{"o": str(at), "h": str(at + 2), "l": str(at), "c": str(at + 1)} for at in range(100, 111)]
    rows = Candles(candle).rows("tohlcvv", stamps_of("kraken", 11))
    assert recognise(rows, ",", Times(0, 1)) == FORMATS["kraken"]
    assert recognise(rows[1:], ",", Times(0, 1)) is None


def test_few_rows_with_many_columns() -> None:
    """Of rows with nine columns and more, one that tells is enough, if no row will follow."""
    rows = Candles([{"o": "10", "h": "12", "l": "9", "c": "11"}, {"o": "11", "h": "14", "l": "9", "c": "13"}]).rows(
        "tohlcvvvvvvv", stamps_of("binance", 2)
    )
    assert recognise(rows, ",", Times(0, 1)) is None
    assert recognise(rows, ",", Times(0, 1), whole=True) == FORMATS["binance"]
    assert recognise([row[:7] for row in rows], ",", Times(0, 1), whole=True) is None


def test_formats_that_name_two_closes() -> None:
    """Flat rows fit formats with other orders of the prices, so none is taken."""
    flat = Candles([dict.fromkeys("ohlc", "7")] * 30).rows("tohlcvv", stamps_of("kraken", 30))
    assert formats_of(flat, ",", Times(0, 1)) == []
    assert recognise(flat, ",", Times(0, 1)) is None


ORDERS = st.permutations("ohlcvx")


@given(drawn=candles(), order=ORDERS, direction=st.sampled_from([1, -1]))
def test_any_order_of_columns(drawn: Candles, order: list[str], direction: int) -> None:
    """Whatever the order of the columns, and whichever way the times go, the likeliest candidate is the close."""
    roles = "t" + "".join(order)
    rows = drawn.rows(roles, stamps_of("kraken", len(drawn.prices)), direction)
    found = find_closes([], rows, Times(0, direction))
    assert found[0].position == roles.index("c")
    assert found[0].order == "".join(role for role in roles if role in "ohlc").upper()


@given(drawn=candles(), order=ORDERS)
def test_without_a_direction_there_are_two(drawn: Candles, order: list[str]) -> None:
    """Without a direction of time, open and close are both candidates, and no other column is."""
    roles = "x" + "".join(order)
    found = find_closes([], drawn.rows(roles, []), None)
    assert {candidate.position for candidate in found} == {roles.index("o"), roles.index("c")}


@given(drawn=candles(), order=ORDERS)
def test_a_twin_is_a_candidate(drawn: Candles, order: list[str]) -> None:
    """A column that equals the close in all rows, as an adjusted one does without dividends, leaves two candidates."""
    roles = "t" + "".join(order) + "c"
    rows = drawn.rows(roles, stamps_of("kraken", len(drawn.prices)))
    found = {candidate.position for candidate in find_closes([], rows, Times(0, 1))}
    assert {roles.index("c"), roles.rindex("c")} <= found


@pytest.mark.parametrize(
    "name",
    [
        *("Close", "<CLOSE>", "4. close", "Close (USD)", "Close/Last", "Closing Price", "close_price", "CLOSE_PRICE"),
        *(
            "ClsPric",
            "LAST_PRICE",
            "PX_LAST",
            "收盘",
            "收盘价",
            "收盤價",
            "終値",
            "종가",
            "Закрытие",
            "Kapan\u0131ş",
            "KAPANIŞ",
        ),
        *("Zamkniecie", "Zamknięcie", "Slotkoers", "Schlusskurs", "Clôture", "Chiusura", "Cierre", "Fechamento"),
    ],
)
def test_names_of_a_close(name: str) -> None:
    """Such a name is that of a close, in any case, with or without marks around it."""
    assert close_by_name(["Date", "Open", name, "Volume"]) == [2]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PREV_CLOSE",
            "Previous Close",
            "pre_close",
            "preclose",
            "PrvsClsgPric",
            "前收盘",
            "昨收",
            "前日終値",
            "last close",
        ),
        *(
            "Adj Close",
            "adjusted_close",
            "close_time",
            "Close Time",
            "Price",
            "last",
            "c",
            "closed",
            "is_close",
            "",
            "()",
        ),
    ],
)
def test_names_of_no_close(name: str) -> None:
    """The close of the day before, an adjusted one, and what has a close as a part of its name, is no close by name."""
    assert close_by_name(["Date", "Open", name, "Volume"]) == []


def test_the_best_name_wins() -> None:
    """The close comes before the price of the last trade and the adjusted close; two closes are both named."""
    assert close_by_name(["PREV_CLOSE", "LAST_PRICE", "CLOSE_PRICE", "Adj Close"]) == [2]
    assert close_by_name(["Closing Price", "Close/Last"]) == [0, 1]
    rows = [["7", "8", "9", "x"]]
    found = find_closes(["Adj Close", "Price", "Close/Last", "close"], rows, None)
    assert [candidate.position for candidate in found] == [2, 1, 0]


def test_a_step_is_counted_in_the_order_of_time() -> None:
    """The step from close to open is short one way and long the other, and exactly the reverse newest first."""
    opens, closes = [10.0, 12.0, 11.0], [12.0, 11.0, 15.0]
    forward, back = step_between(opens, closes, 1), step_between(closes, opens, -1)
    assert forward == back
    assert (forward.wins, forward.losses, forward.ratio) == (2, 0, 0.0)


@pytest.mark.parametrize("rows", [[], [["a"]], [[""], [""]], [["7", ""], ["", "7"]]])
def test_nothing_to_find(rows: list[list[str]]) -> None:
    """Rows without a column of numbers have no candidate."""
    assert find_closes([], rows, None) == []
    assert recognise(rows, ",", None) is None


def test_the_only_number() -> None:
    """A column that is the only one of numbers is the only candidate."""
    assert [found.position for found in find_closes([], [["Mon", "7"], ["Tue", "8.5"]], None)] == [1]
