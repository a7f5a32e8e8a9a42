"""Times out of order: noticed wherever they can be compared, and nothing to the answer."""

from __future__ import annotations

import json
import random
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream
from stream_signal.core.observers.signal_lines import SignalLines
from stream_signal.core.observers.time_order import TimeOrder
from support.candle_csv import candle_csv, row
from support.commands import logged, run_command
from support.strategies import cuts
from support.streams import BY_ROWS, by_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

integers = st.one_of(st.integers(58, 62).map(str), st.integers(97, 103).map(str), st.sampled_from(["060", "0099"]))
moments = st.integers(0, 4).map(lambda hour: f"2024-10-27 0{hour}:00")
odd_times = st.sampled_from(["", "tomorrow", "2024-02-30", " 60", "60\0"])
times = st.one_of(integers, moments, moments.map(lambda time: time + ":00Z"), odd_times)
columns_of_times = st.one_of(
    st.lists(integers, min_size=60, max_size=200),
    st.lists(moments, min_size=60, max_size=200),
    st.lists(st.integers(100, 999).map(str), min_size=60, max_size=200, unique=True).map(sorted),
    st.lists(times, min_size=1, max_size=200),
)
# Few enough are odd for the block engine to take the rest.
ENGINES: list[dict[str, Any]] = [by_blocks(65536), BY_ROWS]
CLOSES = ["4.58"] * 40 + ["", "4.5 ", "x"]
LINE_ENDS = ["\n"] * 20 + ["\r\n", "\n\n"]


Found = tuple[dict[str, int], dict[str, str], bool, list[int | None]]


def found(order: TimeOrder) -> Found:
    """Give what was noticed."""
    steps = order.steps
    first = {kind: str(step) for kind, step in order.first.items()}
    return order.counts, first, order.newest_first, [steps.count, steps.usual, steps.longer]


def seconds_of(time: str) -> int | None:
    """Read a number of seconds, or a moment."""
    if time.isdigit():
        return int(time)
    try:
        return int(datetime.fromisoformat(time.removesuffix("Z")).replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def wanted(column: list[str]) -> Found:
    """Work out what is to be noticed, a pair at a time."""
    counts: dict[str, int] = {}
    first: dict[str, str] = {}
    steps: list[int] = []
    before = ""
    for number, time in enumerate((time.strip(" ") for time in column), start=1):
        seconds, kind = seconds_of(time), ""
        if time and seconds is None:
            kind, words = "not_compared", f"row {number}: {time!r}"
        elif seconds is not None and before:
            steps.append(seconds - (seconds_of(before) or 0))
            kind = "backwards" if steps[-1] < 0 else "" if steps[-1] else "repeated"
            words = f"row {number}: {time!r} after {before!r}"
        if kind:
            counts[kind] = counts.get(kind, 0) + 1
            first.setdefault(kind, words)
        before = before if seconds is None else time
    forward = [step for step in steps if step > 0][:100]
    usual = max(set(forward), key=lambda step: (forward.count(step), -step), default=None)
    longer = sum(usual is not None and step > usual for step in steps)
    in_nanoseconds = None if usual is None else usual * 10**9
    return counts, first, counts.get("backwards", 0) > len(steps) / 2, [len(steps), in_nanoseconds, longer]


@given(
    data=st.data(),
    column=columns_of_times,
    tells=st.booleans(),
    stops=st.booleans(),
    position=st.sampled_from([0, 1, 3]),
    seed=st.integers(),
)
def test_every_pair(
    data: st.DataObject, column: list[str], position: int, seed: int, *, tells: bool, stops: bool
) -> None:
    """By either engine, at any cut and over stops, with signals and without: each pair that can be compared counts."""
    cells, rows = ["1", "close", "2"], ["a", "close", "b"]
    rows.insert(position, "time")
    text, rng = ",".join(rows) + "\n", random.Random(seed)
    for time in column:
        line = [rng.choice(CLOSES) if cell == "close" else cell for cell in cells]
        line.insert(position, time)
        text += ",".join(line) + rng.choice(LINE_ENDS)
    order, config = TimeOrder(), Config(bad_rows="missing")
    observers = [SignalLines("csv"), order] if tells else [order]
    engine = data.draw(st.sampled_from([by_blocks(1000), *ENGINES]))
    stream, fed = SignalStream(config, observers, **engine), 0
    for piece in data.draw(st.one_of(st.just([text.encode()]), cuts(text.encode()))):
        fed += len(piece)
        stream.feed(piece)
        if stops:
            state = stream.state()
            stream = SignalStream.from_state(config, state, observers, **engine)
            stream.feed(text.encode()[state.offset : fed])
    stream.end_input()  # not its end, at which too many bad rows are an error
    assert stream.rows == len(column)
    assert found(order) == wanted(column)


@pytest.mark.parametrize("far", ["9" * 63, "9" * 65, "9" * 100])
def test_a_long_time(far: str) -> None:
    """Times longer than those of candles are compared, too, and by the block engine."""
    column = ["60", far, "70", far, far] * 20
    text = "time,close\n" + "".join(f"{time},1\n" for time in column)
    order = TimeOrder()
    stream = SignalStream(observers=[order], **by_blocks(65536))
    stream.feed(text.encode())
    stream.finish()
    counts, first, newest_first, _ = wanted(column)
    assert (order.counts, order.newest_first) == (counts, newest_first)
    assert first["backwards"].startswith("row 3: '70' after '999")


@pytest.mark.parametrize("odd", ["", "1 "], ids=["in a plain row", "in an odd row"])
@pytest.mark.parametrize("time", ["159\0", "1" * 65])
def test_a_time_that_fits_no_array(time: str, odd: str) -> None:
    """A block with a time that is too long, or has a zero byte, is compared as the row engine compares it."""
    column = [*map(str, range(100, 160)), "160", "1234567890123456", "159", "161", *map(str, range(170, 200)), "159"]
    closes = [" 1" if number in {3, 20, 70} else "1\n" if number in {10, 50} else "1" for number in range(len(column))]
    if odd:  # at the end of the block: what comes after it is left to the row engine
        column, closes = [*column, time, "1234567890123456"], [*closes, odd, "1"]
    else:
        column[60] = time
    text = "time,close\n" + "".join(f"{time},{close}\n" for time, close in zip(column, closes, strict=True))
    orders = []
    for engine in ENGINES:
        orders.append(TimeOrder())
        SignalStream(observers=[orders[-1]], **engine).feed(text.encode())
    assert found(orders[0]) == found(orders[1])
    assert orders[0].counts["backwards"] > 1


@pytest.mark.parametrize("close", ["2", "2 "])
def test_a_long_time_among_short_ones(close: str) -> None:
    """One time of 60,000 characters, in a plain row or in an odd one, does not make a table of all."""
    column = [*map(str, range(10_000, 60_000)), "t" * 60_000, "60000", "60000"]
    text = "time,close\n" + "".join(f"{time},{close if time[0] == 't' else 1}\n" for time in column)
    order = TimeOrder()
    tracemalloc.start()
    SignalStream(observers=[order], **by_blocks(1024 * 1024)).feed(text.encode())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert order.counts == {"not_compared": 1, "repeated": 1}
    assert str(order.first["repeated"]) == "row 50003: '60000' after '60000'"
    assert peak < 100_000_000


@pytest.mark.parametrize(("rows", "counts"), [(9_998, {"backwards": 1}), (9_999, {}), (10_000, {})])
@pytest.mark.parametrize("engine", ENGINES, ids=["blocks", "rows"])
def test_a_column_that_nobody_can_compare(rows: int, counts: dict[str, int], engine: dict[str, Any]) -> None:
    """After 10,000 times of which no two can be compared, the column is not looked at any more, by either engine."""
    text = "time,close\n" + "tomorrow,1\n" * rows + "60,1\n50,1\n"
    order = TimeOrder()
    stream = SignalStream(observers=[order], **engine)
    for begin in range(0, len(text), 50_000):
        stream.feed(text[begin : begin + 50_000].encode())
    assert (order.counts, order.watches) == ({"not_compared": rows} | counts, bool(counts))


@pytest.mark.parametrize("rows", [9_998, 9_999, 10_000])
def test_a_column_without_times_at_first(rows: int) -> None:
    """When the column is given up does not hang on the cuts, nor on the engine."""
    text = "time,close\n" + ",1\n" * rows + "".join(f"{time},1\n" for time in range(300, 200, -1))
    orders = []
    by_block, by_row = ENGINES
    for size, engine in ((10**9, by_row), (1, by_row), (10**9, by_block), (3001, by_block)):
        orders.append(TimeOrder())
        stream = SignalStream(observers=[orders[-1]], **engine)
        for begin in range(0, len(text), size):
            stream.feed(text[begin : begin + size].encode())
    assert [(order.counts, order.watches) for order in orders] == [(orders[0].counts, orders[0].watches)] * 4
    assert bool(orders[0].counts) == (rows < 9_999)


def test_nothing_but_odd_lines_before_a_bad_one() -> None:
    """The times of the rows before one that cannot be read are compared, even if none of them is plain."""
    text = "time,close\n" + "2,1 \n1,1 \n1,x\n" + "".join(f"{time},1\n" for time in range(3, 30))
    order = TimeOrder()
    with pytest.raises(DataError, match="line 4"):
        SignalStream(observers=[order], **by_blocks(1024 * 1024)).feed(text.encode())
    assert order.counts == {"backwards": 1}


@pytest.mark.parametrize("flags", [[], ["--signals", "s.csv"]])
def test_newest_first(flags: list[str], tmp_path: Path) -> None:
    """The log of a file in reverse order says so, and its rows count in their order."""
    rows = candle_csv([str(number) for number in range(200)]).splitlines(keepends=True)
    done = run_command("--log-file", "run.log", *flags, stdin=b"".join([rows[0], *rows[:0:-1]]), cwd=tmp_path)
    assert (done.code, done.record["value"]) == (0, 0.0)
    noticed, times = logged(tmp_path, "noticed", "times")
    (doubt,) = logged(tmp_path, "doubt")
    first = "row 2: '1700011880' after '1700011940'"
    assert noticed == {"event": "noticed", "kind": "backwards", "first": first}
    assert times == {"event": "times", "backwards": 199, "first": {"backwards": first}}
    assert doubt["kind"] == "backwards"
    assert doubt["text"].startswith("newest first: 199 of 199 (100 %) timestamps are earlier than the one before")


def test_in_order(tmp_path: Path) -> None:
    """Of timestamps in order there is nothing to say."""
    done = run_command("--log-file", "run.log", stdin=candle_csv(["1"] * 50), cwd=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert logged(tmp_path, "noticed", "times", "doubt", "gaps") == []


def test_a_row_sent_twice(tmp_path: Path) -> None:
    """What comes again after a checkpoint is noticed: whoever goes on with a pipe may begin too early."""
    arguments = ("--checkpoint", "state.json", "--log-file", "run.log")
    assert run_command(*arguments, stdin=candle_csv(["1", "2", "3"]), cwd=tmp_path).code == 0
    again = f"{row(2, '3')}\n{row(3, '4')}\n".encode()
    assert run_command(*arguments, stdin=again, cwd=tmp_path).record["rows_processed"] == 5
    (times,) = logged(tmp_path, "times")
    assert times == {
        "event": "times",
        "repeated": 1,
        "first": {"repeated": "row 4: '1700000120' after '1700000120'"},
    }


def test_another_column(tmp_path: Path) -> None:
    """`--time-column` names the times to the log as it does to the signals, and one that is missing is an error."""
    text = b"time,when,close\n1,9,5\n2,8,5\n"
    arguments = ("--log-file", "run.log", "--time-column")
    assert run_command(*arguments, "when", stdin=text, cwd=tmp_path).code == 0
    assert logged(tmp_path, "times")[0]["first"] == {"backwards": "row 2: '8' after '9'"}
    done = run_command(*arguments, "where", stdin=text, cwd=tmp_path)
    assert (done.code, done.record["error_message"]) == (1, "Missing required column: 'where'")
    done = run_command(*arguments, "when", stdin=b"When,close,when\n1,2,3\n", cwd=tmp_path)
    message = "expected one column 'when', found 'When' (column 1) and 'when' (column 3); give the number of one"
    assert (done.code, done.record["error_message"]) == (1, message)


def test_another_column_after_a_checkpoint(tmp_path: Path) -> None:
    """The last time is compared with the next one of the same column, not with that of another."""
    arguments = ("--checkpoint", "state.json", "--log-file", "run.log")
    assert run_command(*arguments, stdin=b"time,when,close\n900,1,5\n901,2,5\n", cwd=tmp_path).code == 0
    assert run_command(*arguments, "--time-column", "when", stdin=b"902,3,5\n903,4,5\n", cwd=tmp_path).code == 0
    assert logged(tmp_path, "noticed", "times") == []


@given(st.lists(st.integers(0, 4 * 10**9), min_size=2, max_size=20))
def test_iso_is_in_the_order_of_the_clock(seconds: list[int]) -> None:
    """Moments written as ISO 8601 give what the same moments give as integers of one length."""
    moments = [datetime.fromtimestamp(second, UTC).isoformat().encode() for second in seconds]
    by_text, by_number = TimeOrder(), TimeOrder()
    by_text.take(moments, 1)
    by_number.take([b"%010d" % second for second in seconds], 1)
    assert by_text.counts == by_number.counts
    assert {kind: step.row for kind, step in by_text.first.items()} == {
        kind: step.row for kind, step in by_number.first.items()
    }


def order_of(*times: str) -> TimeOrder:
    """Compare some timestamps."""
    order = TimeOrder()
    order.take([time.encode() for time in times], 1)
    return order


def test_day_or_month() -> None:
    """Where day and month could be either, both are compared: only a difference between their orders is noted."""
    both_forward = order_of("01/02/2024", "02/03/2024", "03/04/2024")
    assert both_forward.counts == {}
    both_backward = order_of("03/04/2024", "02/03/2024")
    assert both_backward.counts == {"backwards": 1}
    differ = order_of("12/01/2024", "01/02/2024")  # forward with the day first, backward with the month first
    assert (differ.counts, str(differ.first["day_or_month"])) == (
        {"day_or_month": 1},
        "row 2: '01/02/2024' after '12/01/2024'",
    )
    day_first = order_of("12/01/2024", "01/02/2024", "13/02/2024")
    assert (day_first.counts, day_first.steps.count) == ({}, 2)
    month_first = order_of("12/01/2024", "01/02/2024", "01/13/2024")
    assert month_first.counts == {"backwards": 1}
    assert order_of("13/01/2024", "01/13/2024").counts == {"not_compared": 1}


def test_gaps() -> None:
    """A step longer than the most common one is counted, over a stop as well."""
    times = [b"%d" % (60 * at) for at in range(300) if at % 50 != 49]
    order = TimeOrder()
    order.take(times[:140], 1)
    other = TimeOrder()
    other.restore(json.loads(json.dumps(order.snapshot())))
    other.take(times[140:], 141)
    assert (other.steps.count, other.steps.usual, other.steps.longer) == (293, 60 * 10**9, 5)


def damages() -> Iterator[Any]:
    """Make snapshots of which one part is of another kind."""
    order = order_of("12/01/2024", "01/02/2024", "x", "60", "60")
    wrongs: tuple[Any, ...] = (None, -1, 1.5, "x", [], {}, [[]], {"x": 1}, {"backwards": [1]})
    for key in order.snapshot():
        for wrong in wrongs:
            if wrong != order.snapshot()[key]:
                yield order.snapshot() | {key: wrong}


@pytest.mark.parametrize("damaged", list(damages()))
def test_a_damaged_snapshot(damaged: Any) -> None:
    """What a checkpoint says of the timestamps is checked: it is refused by ValueError, or it is harmless."""
    order = TimeOrder()
    with suppress(ValueError):
        order.restore(damaged)
        order.take([b"60", b"120"], 1)
        assert isinstance(order.newest_first, bool)
