"""TimeOrder: times out of order are noticed wherever they can be compared, and are nothing to the answer."""

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

from stream_signal import Config, DataError, SignalStream, State
from stream_signal.core.limits import FIRST_ROWS, MOST_PERIODS, MOST_TIMED_KEYS
from stream_signal.core.observers.signal_lines import SignalLines
from stream_signal.core.observers.time_order import TimeOrder
from stream_signal.core.pauses import Loss
from stream_signal.core.period import Gap, Period
from stream_signal.hints.doubts import doubts_of
from support.candle_csv import candle_csv, row
from support.commands import logged, run_command
from support.keyed_files import market
from support.strategies import cuts
from support.streams import BY_ROWS, by_blocks, moved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
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


Found = tuple[dict[str, int], dict[str, str], bool, dict[str, Any] | None]


def found(order: TimeOrder) -> Found:
    """Give what was noticed."""
    first = {kind: str(step) for kind, step in order.first.items()}
    return order.counts, first, order.newest_first, period_of(order)


def period_of(order: TimeOrder) -> dict[str, Any] | None:
    """Give what the times of a stream without keys show."""
    saved = order.snapshot()["keys"]
    period: dict[str, Any] | None = saved[0][1]["readings"][0][1] if saved else None
    return period if period and period["first"] is not None else None


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
    before, period = "", Period()
    for number, time in enumerate((time.strip(" ") for time in column), start=1):
        seconds, kind = seconds_of(time), ""
        if time and seconds is None:
            kind, words = "not_compared", f"row {number}: {time!r}"
        elif seconds is not None and before:
            steps.append(seconds - (seconds_of(before) or 0))
            kind = "backwards" if steps[-1] < 0 else "" if steps[-1] else "repeated"
            words = f"row {number}: {time!r} after {before!r}"
            period.add_run(steps[-1] * 10**9, [number])
        elif seconds is not None:
            period.begin(seconds * 10**9)
        if kind:
            counts[kind] = counts.get(kind, 0) + 1
            first.setdefault(kind, words)
        before = before if seconds is None else time
    times = None if period.first is None else period.as_json()
    return counts, first, counts.get("backwards", 0) > len(steps) / 2, times


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


@pytest.mark.parametrize("engine", [by_blocks(1000), BY_ROWS], ids=["blocks", "rows"])
def test_centuries(engine: dict[str, Any]) -> None:
    """A step of 400 years, whose nanoseconds do not fit into 64 bits, is a step forward to either engine."""
    column = [f"{year}-01-01 {at // 60:02}:{at % 60:02}" for year in (1700, 2100) for at in range(290)]
    order = TimeOrder()
    stream = SignalStream(observers=[order], **engine)
    stream.feed(("time,close\n" + "".join(f"{time},1\n" for time in column)).encode())
    assert found(order) == wanted(column)


@pytest.mark.parametrize(("rows", "counts"), [(9_998, {"backwards": 1}), (9_999, {}), (10_000, {})])
@pytest.mark.parametrize("engine", ENGINES, ids=["blocks", "rows"])
def test_a_column_that_nobody_can_compare(rows: int, counts: dict[str, int], engine: dict[str, Any]) -> None:
    """After 10,000 times of which no two can be compared, the column is not looked at any more, by either engine."""
    text = "time,close\n" + "tomorrow,1\n" * rows + "60,1\n50,1\n"
    order = TimeOrder()
    stream = SignalStream(observers=[order], **engine)
    for begin in range(0, len(text), 50_000):
        stream.feed(text[begin : begin + 50_000].encode())
    assert (order.counts, order.wants) == ({"not_compared": rows} | counts, None if counts else 0)


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
    assert [(order.counts, order.wants) for order in orders] == [(orders[0].counts, orders[0].wants)] * 4
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
    assert (day_first.counts, day_first.pairs) == ({}, 2)
    month_first = order_of("12/01/2024", "01/02/2024", "01/13/2024")
    assert month_first.counts == {"backwards": 1}
    assert order_of("13/01/2024", "01/13/2024").counts == {"not_compared": 1}


def test_a_gap() -> None:
    """A step that misses rows is named over a stop as well, with its row; one of many that are as long is not."""
    minutes = [at for at in range(1000) if not 299 < at < 700]
    times = [b"%d" % (60 * at) for at in minutes]
    for stop in (10, 299, 300, 301, 500):
        order = TimeOrder()
        order.take(times[:stop], 1)
        other = TimeOrder()
        other.restore(json.loads(json.dumps(order.snapshot())))
        other.take(times[stop:], stop + 1)
        assert other.gap(20) == (b"", Loss(Gap(401 * 60 * 10**9, 301, 299 * 60 * 10**9), 400))
        assert other.gap(401) is None
    often = order_of(*(str(60 * at) for at in range(30_000) if at % 300 < 100))
    assert often.gap(20) is None


def test_a_stop_in_a_file_without_timestamps() -> None:
    """Nothing is compared after it either, whatever the first column holds."""
    config, order = Config(), TimeOrder()
    stream = SignalStream(config, [TimeOrder()])
    stream.feed(b"close\n3\n2\n")
    again = SignalStream.from_state(config, stream.state(), [order])
    again.feed(b"1\n1\n")
    assert (order.counts, order.pairs, order.wants) == ({}, 0, 0)


def damages() -> Iterator[Any]:
    """Make snapshots of which one part is of another kind."""
    whole = order_of("12/01/2024", "01/02/2024", "x", "60", "60").snapshot()
    wrongs: tuple[Any, ...] = (None, -1, 1.0, 1.5, "x", [], {}, [[]], {"x": 1}, {"backwards": [1]})
    yield from ({}, [], None)
    for wrong in wrongs:
        yield from (whole | {part: wrong} for part in whole)
        [[key, series]] = whole["keys"]
        yield from (whole | {"keys": [[key, series | {part: wrong}]]} for part in series)
        yield whole | {"keys": [[wrong, series]]}
    series |= {"readings": series["readings"][:1]}  # as once it is known which of day and month comes first
    yield from (whole | {"keys": [[key, series | {"order": wrong}]]} for wrong in (*wrongs, 0.0))


@pytest.mark.parametrize("damaged", list(damages()))
def test_a_damaged_snapshot(damaged: Any) -> None:
    """What a checkpoint says of the timestamps is checked: it is refused by ValueError, or it is harmless."""
    order = TimeOrder()
    with suppress(ValueError):
        order.restore(damaged)
        order.take([b"60", b"120", b"01/02/2024"], 1)
        assert isinstance(order.newest_first, bool)


ALL_ENGINES = [*ENGINES, by_blocks(1000)]
HEADER = "time,close\n"


def text_of(times: list[str], seed: int = 0) -> bytes:
    """Write a file whose rows are mostly plain, and now and then bad, quoted, or a header again."""
    rng, lines = random.Random(seed), [HEADER]
    for time in times:
        kind = rng.randrange(60) if seed else 9
        if not kind:
            lines.append(HEADER)
        lines.append(f'"{time}",1\n' if kind == 1 else f"{time},x\n" if kind == 2 else f"{time},{kind}\n")
        if kind == 3:
            lines.append("\n")
    return "".join(lines).encode()


def looked_at(texts: list[bytes], engine: dict[str, Any], pieces: Any = None) -> TimeOrder:
    """Feed files one after another; return the look."""
    look = TimeOrder(rows=FIRST_ROWS)
    stream = SignalStream(Config(bad_rows="missing"), [look], **engine)
    for text in texts:
        for piece in pieces(text) if pieces else [text]:
            stream.feed(piece)
        stream.end_input()
    return look


def all_of(order: TimeOrder) -> object:
    """Give all that was seen."""
    return found(order), order.pairs, order.last


regular = st.tuples(st.integers(0, 2000), st.sampled_from([1, 60, 300, 3600, 86400]), st.sampled_from([1, 1000, 10**6]))
columns_of_files = st.one_of(
    regular.map(lambda given: [str((1_700_000_000 + at * given[1]) * given[2]) for at in range(given[0])]),
    st.lists(st.integers(1_700_000_000, 1_700_000_400).map(str), max_size=200).map(sorted),
    st.lists(st.integers(90, 110).map(str), max_size=200),
    st.lists(st.sampled_from(["2024-01-01", "2024-01-02T00:00Z", "x", "", "60", "060"]), max_size=200),
)


@given(st.data(), st.lists(columns_of_files, max_size=3), st.integers(0, 9), st.sampled_from(ALL_ENGINES))
def test_as_an_observer(data: st.DataObject, files: list[list[str]], seed: int, engine: dict[str, Any]) -> None:
    """While an input is no longer than that, it is all seen: at every cut, by either engine, as an observer sees it."""
    texts = [text_of(times, seed) for times in files]
    order = TimeOrder()
    stream = SignalStream(Config(bad_rows="missing"), [order])
    for text in texts:
        stream.feed(text)
        stream.end_input()
    look = looked_at(texts, engine, lambda text: data.draw(cuts(text)))
    assert not look.is_in_order or not order.counts
    assert all_of(look) == all_of(order)


@pytest.mark.parametrize("engine", ALL_ENGINES)
@pytest.mark.parametrize("end", [b"", b"\n\n", b"17,1,1\n", HEADER.encode()])
def test_the_seam(engine: dict[str, Any], end: bytes) -> None:
    """Of a longer input, the first rows and the last one are seen: January after February is noticed."""
    february = [str(2_000_000_000 + 60 * at) for at in range(FIRST_ROWS + 5000)]
    january = [str(1_000_000_000 + 60 * at) for at in range(100)]
    february[FIRST_ROWS + 10] = "1"  # not seen
    look = looked_at([text_of(february) + end, text_of(january)], engine)
    rows = FIRST_ROWS + 5000 + (end[:2] == b"17")
    step = f"row {rows + 1}: '1000000000' after '{february[-1]}'"
    assert {kind: str(found) for kind, found in look.first.items()} == {"backwards": step}
    assert look.pairs == FIRST_ROWS - 1 + 100
    in_order = looked_at([text_of(january), text_of(february)], engine)
    assert (in_order.is_in_order, in_order.pairs) == (True, 99 + FIRST_ROWS)


@pytest.mark.parametrize("stop", [50, 5000, 120_000, 190_000])
def test_resumed(stop: int) -> None:
    """A stream that was stopped, within the first rows or after them, ends with what it would have seen."""
    times = [str(1_700_000_000 + 60 * at + (at > 300)) for at in range(FIRST_ROWS + 3000)]
    times[20] = times[19]
    first, second = text_of(times), text_of(times[:10])
    whole = looked_at([first, second], BY_ROWS)
    config, look = Config(bad_rows="missing"), TimeOrder(rows=FIRST_ROWS)
    stream = SignalStream(config, [look])
    stream.feed(first[:stop])
    state = State.from_json(json.loads(json.dumps(stream.state().as_json())), config.window)
    resumed = TimeOrder(rows=FIRST_ROWS)
    stream = SignalStream.from_state(config, state, [resumed])
    stream.feed(first[state.offset :])
    stream.end_input()
    stream.feed(second)
    stream.end_input()
    assert all_of(resumed) == all_of(whole)


def test_resumed_by_an_observer() -> None:
    """A stream that sees every row resumes from one that saw the first, and the other way round."""
    config, text = Config(), text_of(["60", "120", "120", "180"])
    stream = SignalStream(config, [TimeOrder(rows=FIRST_ROWS)])
    stream.feed(text)
    order = TimeOrder()
    stream = SignalStream.from_state(config, stream.state(), [order])
    stream.feed(b"180,1\n")
    look = TimeOrder(rows=FIRST_ROWS)
    stream = SignalStream.from_state(config, stream.state(), [look])
    stream.feed(b"60,1\n")
    stream.end_input()
    stream.feed(b"50,1\n")
    assert look.counts == {"repeated": 2, "backwards": 2}


Rows = list[tuple[str, str]]
TIMES = st.sampled_from(["60", "120", "180", "180", "240", "300", "", "noon", "2024-03-04", "03/04/2024", "13/04/2024"])
MARKETS = st.lists(st.tuples(st.sampled_from("ABC"), TIMES), max_size=60)


def keyed(rows: Sequence[tuple[str, str]]) -> bytes:
    """Make a file with those keys and times."""
    return market([(key, "1") for key, _ in rows], time=lambda at: rows[at][1])


def shown(rows: Sequence[tuple[str, str]], times: TimeOrder) -> TimeOrder:
    """Show rows to an observer."""
    SignalStream(Config(key="symbol"), [times]).feed(keyed(rows))
    return times


@given(MARKETS, st.data())
def test_each_key_alone(rows: Rows, data: st.DataObject) -> None:
    """The counts and pairs are the sums of those of each key alone, and the first is the first of all, at any cut."""
    times = TimeOrder()
    stream = SignalStream(Config(key="symbol"), [times])
    for piece in data.draw(cuts(keyed(rows))):
        stream.feed(piece)
        assert times.pairs <= len(rows)  # whoever asks has what waits compared
    counts: dict[str, int] = {}
    firsts: dict[str, int] = {}
    pairs = 0
    for key in {key for key, _ in rows}:
        alone, numbers = TimeOrder(), []
        for number, (own, time) in enumerate(rows, start=1):
            if own == key:
                numbers.append(number)
                alone.take([time.encode()], len(numbers))
        for kind, count in alone.counts.items():
            counts[kind] = counts.get(kind, 0) + count
            row = numbers[alone.first[kind].row - 1]
            firsts[kind] = min(row, firsts.get(kind, row))
        pairs += alone.pairs
    assert (times.counts, times.pairs) == (counts, pairs)
    assert {kind: found.row for kind, found in times.first.items()} == firsts


@given(MARKETS, st.integers(0, 800))
def test_stopped_anywhere(rows: Rows, stop: int) -> None:
    """A stream that resumes finds what one without the stop does, for all rows and for the first ones."""
    config, data = Config(key="symbol"), keyed(rows)
    for limit in (None, 5, 1000):
        found = []
        for stopped in (True, False):
            times = TimeOrder(rows=limit)
            stream, at = SignalStream(config, [times]), 0
            if stopped:
                stream.feed(data[:stop])
                times = TimeOrder(rows=limit)
                stream, at = moved(stream, config, observers=[times])
            stream.feed(data[at:])
            stream.end_input()
            stream.feed(keyed(rows[:3]))
            stream.end_input()
            found.append((all_of(times), times.sampled))
        assert found[0] == found[1]


def test_interleaved_times_are_no_doubt() -> None:
    """Symbols with the same timestamps are in order; one that has a timestamp twice is one doubt, with its key."""
    rows = [(key, str(minute)) for minute in range(60, 6000, 60) for key in "ABC"]
    for look in (TimeOrder(), TimeOrder(None, 1000)):
        stream = SignalStream(Config(key="symbol"), [look])
        stream.feed(keyed(rows))
        assert look.is_in_order
        assert not doubts_of(stream, look)
    times = TimeOrder()
    stream = SignalStream(Config(key="symbol"), [times])
    stream.feed(keyed([*rows, ("B", "5940"), ("C", "5000"), ("B", "5940")]))
    assert [doubt.kind for doubt in doubts_of(stream, times)] == ["backwards", "repeated"]
    assert (times.counts, times.pairs) == ({"backwards": 1, "repeated": 2}, 297)
    assert {kind: str(step) for kind, step in times.first.items()} == {
        "backwards": "'C', row 299: '5000' after '5940'",
        "repeated": "'B', row 298: '5940' after '5940'",
    }


def test_gaps_of_each_key() -> None:
    """A step is long beside the usual one of its own key: days beside minutes are no gap."""
    rows = [(key, str(step * at)) for at in range(1, 300) for key, step in (("A", 60), ("B", 86400))]
    assert shown(rows, TimeOrder()).gap(20) is None
    gaps = shown([(key, str(int(time) + (int(time) > 9000) * 9000 * (key == "A"))) for key, time in rows], TimeOrder())
    assert gaps.gap(20) == (b"A", Loss(Gap(9060 * 10**9, 301, 9000 * 10**9), 150))
    span = gaps.span(598)
    assert span is not None
    assert (span.first, span.last, span.usual) == (60 * 10**9, 299 * 86400 * 10**9, 60 * 10**9)


def test_later_keys_have_no_period() -> None:
    """Of more keys than so many, the times are compared, and nothing is known of their steps; so it is after a stop."""
    rows = [(f"K{number}", str(time)) for time in (60, 120, 90) for number in range(MOST_PERIODS + 1)]
    order = shown(rows[: MOST_PERIODS * 2 + 2], TimeOrder())
    other = TimeOrder()
    other.restore(json.loads(json.dumps(order.snapshot())))
    assert [key for key, each in other.snapshot()["keys"] if each["readings"][0][1] is None] == [f"K{MOST_PERIODS}"]
    assert order.pairs == other.pairs == MOST_PERIODS + 1
    assert shown(rows, TimeOrder()).counts == {"backwards": MOST_PERIODS + 1}


def test_the_seam_of_two_inputs() -> None:
    """The first rows of an input are compared with the last ones of the input before, for the keys that stand there."""
    early, late = [("A", str(at)) for at in range(60, 9000, 60)], [("A", str(at)) for at in range(9000, 18000, 60)]
    for files, counts in (([early, late], {}), ([late, early], {"backwards": 1})):
        look = TimeOrder(None, 10)
        stream = SignalStream(Config(key="symbol"), [look])
        for rows in files:
            stream.feed(keyed(rows))
            stream.end_input()
        assert look.counts == counts


def test_it_is_bounded() -> None:
    """The timestamps of later keys than so many are not compared."""
    rows = [(f"K{number}", "60") for number in range(MOST_TIMED_KEYS + 1)]
    order = shown([*rows, *rows[-2:]], TimeOrder())
    assert (order.counts, str(order.first["repeated"])) == ({"repeated": 1}, "'K9999', row 10002: '60' after '60'")


def test_which_keys_are_timed_depends_on_no_cut() -> None:
    """However often somebody asks, the keys whose timestamps are compared are the first so many of them."""
    half = MOST_TIMED_KEYS // 2
    first, later = ([(f"K{number}", "60") for number in range(begin, begin + half)] for begin in (0, half))
    for asks in (False, True):
        order = TimeOrder()
        stream = SignalStream(Config(key="symbol"), [order])
        stream.feed(keyed(first))
        assert not asks or order.pairs == 0
        stream.feed(keyed([*first, *later, later[-1]]).partition(b"\n")[2])
        assert order.counts == {"repeated": half + 1}


@pytest.mark.parametrize("saved", [None, [], {}, {"last": "", "left": -1, "tail": "", "keys": []}, {"last": 1}])
def test_a_snapshot_that_cannot_be(saved: object) -> None:
    """What is no snapshot is refused."""
    with pytest.raises(ValueError, match="expected"):
        TimeOrder().restore(saved)
    times = shown([("A", "60"), ("A", "60")], TimeOrder())
    again = TimeOrder()
    again.restore(json.loads(json.dumps(times.snapshot())))
    assert again.counts == times.counts
