"""Which column has the time: a name proposes, the cells decide, and the order of the columns does not matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.layout.names import TIME_NAMES, is_time_name, named_time
from stream_signal.core.layout.times import (
    CLOCKS,
    DATE_AND_CLOCK,
    DATES,
    EPOCHS,
    NAMED,
    Times,
    find_times,
    may_change,
    may_have_times,
)

START = datetime(2024, 1, 2, tzinfo=UTC)
FORMS = {
    "%Y-%m-%d %H:%M:%S": DATES,
    "%Y-%m-%dT%H:%M:%SZ": DATES,
    "%d.%m.%Y %H:%M": DATES,
    "%d-%b-%y %H:%M": DATES,
    "%Y.%m.%dD%H:%M:%S.000000000": DATES,
    "%Y年%m月%d日 %H:%M": DATES,
    "%Y%m%d%H%M%S": DATES,
    "%b %d, %Y %I:%M %p": DATES,
    "s": EPOCHS[10**9],
    "ms": EPOCHS[10**6],
    "us": EPOCHS[10**3],
    "ns": EPOCHS[1],
    "float": EPOCHS[10**9],
}
DIGITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def written(form: str, moment: datetime) -> str:
    """Write a time in a form: a number since 1970, or by the letters of strftime."""
    second = int(moment.timestamp())
    if form == "float":
        return f"{second}.5"
    return str(second * 10**9 // DIGITS[form]) if form in DIGITS else moment.strftime(form)


def table(columns: dict[str, list[Any]]) -> tuple[list[str], list[list[str]]]:
    """Give the names and the rows of some columns."""
    return list(columns), [list(map(str, row)) for row in zip(*columns.values(), strict=True)]


def minutes(form: str, count: int = 30) -> list[str]:
    """Give the times of candles of 137 minutes."""
    return [written(form, START + timedelta(minutes=137 * number)) for number in range(count)]


def days(form: str = "%Y-%m-%d", count: int = 30) -> list[str]:
    """Give one date after the other."""
    return [written(form, START + timedelta(days=number)) for number in range(count)]


PRICES = [f"{100 + number * number % 7}.25" for number in range(30)]
VOLUMES = [10**9 + number * 7919 % 1000 for number in range(30)]


@given(
    st.sampled_from(list(FORMS)),
    st.permutations(["a time", "b", "c", "d"]),
    st.sampled_from([1, -1]),
    st.integers(8, 30),
    st.text("abcxyz_", min_size=1, max_size=8).filter(lambda name: not is_time_name(name)),
)
def test_a_time_is_found_by_what_it_is(form: str, order: list[str], direction: int, count: int, name: str) -> None:
    """Whatever its name, its form and its place, and whichever way it goes."""
    columns: dict[str, list[Any]] = {"a time": minutes(form), "b": PRICES, "c": VOLUMES, "d": ["BTC"] * 30}
    names, rows = table({column: columns[column] for column in order})
    rows = rows[:count]
    expected = Times(order.index("a time"), FORMS[form], direction)
    names = [f"{name}{at}" if at else name for at, _ in enumerate(names)]
    assert find_times([], rows[::direction]) == expected
    assert find_times([f"x{given}x" for given in names], rows[::direction]) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("trade_date", "TradeDate", "DTYYYYMMDD", "<DTYYYYMMDD>", "Timestamp", "timestamp_ms", "candle_begin_time"),
        *(
            "Bar-Time",
            "kline_open_time",
            "Date(UTC)",
            "ohlc.timestamp",
            "日期",
            "交易日期",
            "时间",
            "日時",
            "일자",
            "날짜",
        ),
        *("일자", "날짜", "Дата", "Zeitpunkt", "Fecha", "Jour", "Data", "Tarih", "Datum", "Ngày", "วันที่"),
    ],
)
def test_a_known_name(name: str) -> None:
    """A column with a known name has the time, in the languages of exchanges and brokers, before any other date."""
    names, rows = table({"expiry": days(), "close": PRICES, name: minutes("%Y-%m-%d %H:%M")})
    assert find_times(names, rows) == Times(2, NAMED, 1)
    assert find_times(names, []) == Times(2, NAMED, 0)
    assert named_time(names) == 2


def test_all_names_are_known() -> None:
    """Each name of the table is known, however it is written."""
    spellings = [spelling for name in TIME_NAMES for spelling in (name, name.upper(), name.replace(" ", "_"))]
    assert [name for name in spellings if not is_time_name(name)] == []
    assert [name for name in ("close", "open", "volume", "price", "close time", "bid", "") if is_time_name(name)] == []


@pytest.mark.parametrize("cells", [["Monday", "Tuesday"], ["", ""], ["n/a", "null"]])
def test_a_name_without_times(cells: list[str]) -> None:
    """A name proposes: what is no time at all is not taken, and a column that has times is."""
    names, rows = table({"date": cells * 15, "close": PRICES})
    assert find_times(names, rows) is None
    names, rows = table({"date": cells * 15, "close": PRICES, "x": days()})
    assert find_times(names, rows) == Times(2, DATES, 1)


def test_a_named_date_in_a_form_that_is_not_known() -> None:
    """It keeps its role, so that somebody is told that it cannot be compared."""
    names, rows = table({"date": [f"the {number}. of May" for number in range(30)], "close": PRICES})
    assert find_times(names, rows) == Times(0, NAMED, 0)


def test_a_bad_date() -> None:
    """A column with a known name keeps its role if nine of ten cells read; another one does if all do."""
    dates = [*days()[:28], "2024-02-30", ""]
    names, rows = table({"date": dates, "close": PRICES, "x": days()})
    assert find_times(names, rows) == Times(0, NAMED, 1)
    assert find_times(["y", "close", "x"], rows) == Times(2, DATES, 1)


def test_a_counter_is_never_the_time() -> None:
    """Real files count up while their dates go back; the same under the name of a time, or of the size of one."""
    for name, first in (("", 0), ("index", 0), ("time", 1), ("id", 3_000_000_000)):
        names, rows = table({name: list(range(first, first + 30)), "x": days()[::-1], "close": PRICES})
        assert find_times(names, rows) == Times(1, DATES, -1)
        assert find_times([], rows) == Times(1, DATES, -1)
    names, rows = table({"x": list(range(30)), "close": PRICES})
    assert find_times(names, rows) is None


def test_numbers_of_trades_beside_their_times() -> None:
    """Numbers that go up by one are no times where others are."""
    names, rows = table({"x": list(range(3_000_000_000, 3_000_000_030)), "close": PRICES, "y": minutes("ms")})
    assert find_times(names, rows) == Times(2, EPOCHS[10**6], 1)
    assert find_times([], rows) == Times(2, EPOCHS[10**6], 1)


def test_seconds_from_the_beginning() -> None:
    """Small numbers are times under the name of one, if there is nothing better."""
    names, rows = table({"time": list(range(0, 1800, 60)), "close": PRICES})
    assert find_times(names, rows) == Times(0, NAMED, 1)


@pytest.mark.parametrize(
    "column",
    [
        VOLUMES,  # of the size of a time, but in no order
        [10**9 * (1 + number) for number in range(30)],  # too far apart
        [200_000_000 + 60 * number for number in range(30)],  # before 1980
        [1_704_153_600 * 10 ** (3 * (number % 2)) for number in range(30)],  # two units
        [1_704_153_600] * 30,  # always the same
        [20241301 + number for number in range(30)],  # eight digits, and no date
    ],
)
def test_volumes_are_no_times(column: list[int]) -> None:
    """Numbers are times only if they are of one unit, near each other, of our days, and go one way."""
    names, rows = table({"x": column, "close": PRICES})
    assert find_times(names, rows) is None
    assert find_times([], rows) is None


@pytest.mark.parametrize("form", ["s", "ms", "us", "ns"])
def test_epochs_of_symbols_in_turn(form: str) -> None:
    """Whole minutes are times though they go back often, as those of symbols in turn do; seconds may be volumes."""
    times = [minutes(form)[3 * (at // 6) + at % 3] for at in range(30)]
    names, rows = table({"x": times, "close": PRICES})
    assert find_times(names, rows) == find_times([], rows) == Times(0, EPOCHS[DIGITS[form]], 1)
    names, rows = table({"x": [f"{int(time) + DIGITS['s'] // DIGITS[form]}" for time in times], "close": PRICES})
    assert find_times(names, rows) is None


@pytest.mark.parametrize("name", ["volume", "Quote Volume", "marketCap", "trade_id", "成交额", "Open", "OI"])
def test_the_name_of_another_column(name: str) -> None:
    """Numbers that look like times are none in a column of prices or volumes."""
    names, rows = table({name: minutes("s"), "close": PRICES})
    assert find_times(names, rows) is None


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%Y%m%d", "%d/%m/%Y"])
@pytest.mark.parametrize("clock", ["%H:%M", "%H:%M:%S", "%I:%M %p"])
def test_a_date_and_a_clock(form: str, clock: str) -> None:
    """A date and a clock apart are joined, whatever they are called, in either order."""
    for order in (("x", "y"), ("y", "x")):
        columns = {"x": minutes(form), "close": PRICES, "y": minutes(clock)}
        names, rows = table({order[0]: columns[order[0]], "close": PRICES, order[1]: columns[order[1]]})
        position = names.index("x"), names.index("y")
        assert find_times(names, rows) == Times(position, DATE_AND_CLOCK, 1)
        assert find_times([], rows) == Times(position, DATE_AND_CLOCK, 1)
    names, rows = table({"Date": minutes(form), "x": minutes(clock), "close": PRICES})
    assert find_times(names, rows) == Times((0, 1), NAMED, 1)


@pytest.mark.parametrize("name", ["time", "<TIME>", "时间", "Uhrzeit", "hora"])
@pytest.mark.parametrize("digits", ["%H%M", "%H%M%S"])
def test_digits_are_a_clock_by_their_name(name: str, digits: str) -> None:
    """Under the name of a clock, digits are one, wherever it stands."""
    names, rows = table({name: minutes(digits), "close": PRICES, "x": minutes("%Y%m%d")})
    assert find_times(names, rows) == Times((2, 0), DATE_AND_CLOCK, 1)


def test_digits_right_of_a_date() -> None:
    """Without names, digits are a clock right of the date; with other names, or elsewhere, they may be anything."""
    _, rows = table({"x": minutes("%Y%m%d"), "y": minutes("%H%M00"), "close": PRICES})
    assert find_times([], rows) == Times((0, 1), DATE_AND_CLOCK, 1)
    assert find_times(["x", "y", "close"], rows) == Times(0, DATES, 1)
    assert find_times([], [[first, close, clock] for first, clock, close in rows]) == Times(0, DATES, 1)


@pytest.mark.parametrize("codes", [["000001", "000002"], ["000001"] * 2, ["000001", "000002", "000004"], ["0700", "5"]])
def test_codes_of_stocks_are_no_clock(codes: list[str]) -> None:
    """`000001` beside a date is a stock and not a second past midnight: joined, two stocks would vanish."""
    rows = [[day, code, "4.5"] for day in days(count=15) for code in codes]
    assert find_times([], rows) == Times(0, DATES, 1)
    assert find_times(["date", "code", "close"], rows) == Times(0, NAMED, 1)
    assert find_times(["x", "y", "close"], rows) == Times(0, DATES, 1)


def test_flags_and_hours() -> None:
    """A flag, and a constant column of a time of day, are not joined to dates that tell the rows apart."""
    names, rows = table({"x": minutes("ms"), "confirm": ["1"] * 29 + ["0"], "close": PRICES})
    assert find_times([], rows) == find_times(names, rows) == Times(0, EPOCHS[10**6], 1)
    names, rows = table({"x": days(), "y": ["16:00"] * 30, "close": PRICES})
    assert find_times(names, rows) == Times(0, DATES, 1)


def test_a_clock_alone() -> None:
    """Where no column has a date, a clock that goes one way is the time; how long something took is none."""
    clocks = [f"{9 + number // 10:02}:{number % 10 * 6:02}" for number in range(30)]
    names, rows = table({"x": clocks, "close": PRICES})
    assert find_times(names, rows) == Times(0, CLOCKS, 1)
    names, rows = table({"x": [clocks[number * 7 % 30] for number in range(30)], "close": PRICES})
    assert find_times(names, rows) is None


def test_a_date_that_comes_again_beside_a_moment() -> None:
    """Of two columns with known names, the one that tells the rows apart is taken."""
    names, rows = table({"date": minutes("%Y-%m-%d"), "timestamp": minutes("s"), "close": PRICES})
    assert find_times(names, rows) == Times(1, NAMED, 1)
    names, rows = table({"date": minutes("%Y-%m-%d %H:%M"), "time": minutes("s"), "close": PRICES})
    assert find_times(names, rows) == Times(0, NAMED, 1)


@pytest.mark.parametrize(("form", "direction"), [("%d/%m/%Y", -1), ("%m/%d/%Y", -1)])
def test_day_or_month(form: str, direction: int) -> None:
    """Which of day and month comes first is settled for the column, by a part over 12."""
    names, rows = table({"x": days(form)[::-1], "close": PRICES})
    assert find_times(names, rows) == Times(0, DATES, direction)


def test_two_readings() -> None:
    """Without a part over 12, there is a direction only if both readings have it."""
    assert find_times([], [["01/02/2024", "4"], ["02/02/2024", "5"]]) == Times(0, DATES, 1)
    assert find_times([], [["01/05/2024", "4"], ["02/04/2024", "5"]]) == Times(0, DATES, 0)


def test_a_row_that_can_have_no_time() -> None:
    """One row says that no column can be the time, so nobody has to wait; or that one may be."""
    assert not may_have_times([["42.5", "17", "BTC", ""]], 0)
    assert may_have_times([], 0)
    for form in FORMS:
        assert may_have_times([["42.5", minutes(form)[0]]], 0)
        assert not may_have_times([["42.5", minutes(form)[0]]], 1)


@pytest.mark.parametrize("form", FORMS)
def test_rows_that_suffice(form: str) -> None:
    """Two dates settle a column, and eight numbers: later rows of the same kind change nothing."""
    names, rows = table({"x": minutes(form), "close": PRICES})
    enough = 8 if FORMS[form] in EPOCHS.values() else 2
    times = find_times(names, rows[:enough])
    assert times == find_times(names, rows)
    assert times is not None
    assert not may_change(times, names, rows[:enough])
    assert may_change(times, names, rows[: enough - 1]) == (enough == 8)


def test_a_date_waits_for_its_clock() -> None:
    """A date beside what may be a clock is settled once the clock tells rows apart, or dates alone do."""
    _, rows = table({"x": minutes("%Y%m%d"), "y": minutes("%H%M"), "close": PRICES})
    assert find_times([], rows[:2]) is None
    assert find_times([], rows[:3]) == Times((0, 1), DATE_AND_CLOCK, 1)
    _, rows = table({"x": days(), "y": ["16:00"] * 30, "close": PRICES})
    times = Times(0, DATES, 1)
    assert (may_change(times, [], rows[:2]), may_change(times, [], rows[:8])) == (True, False)
