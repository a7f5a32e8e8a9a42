"""Law 5: a stream stopped at any byte, put into JSON and taken out of it, goes on as if it had not been stopped."""

from __future__ import annotations

import importlib
import json
import pkgutil
from copy import deepcopy
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stream_signal.core.observers
from stream_signal import Config, DataError, Observer, Row, SignalLines, SignalStream, State, TimeOrder
from stream_signal.core.observers.key_charts import KeyCharts
from stream_signal.core.observers.overview import Overview
from stream_signal.core.observers.rates import Rates
from support.candle_csv import candle_csv
from support.cases import CASES, Case
from support.oracle import count
from support.strategies import (
    Document,
    candle_files,
    close_lists,
    cuts,
    documents,
    missing_closes,
    tied_prices,
    windows,
)
from support.streams import BY_ROWS, by_blocks, moved, outcome


def known(counted: SignalStream) -> object:
    """Give all there is to know of a stream."""
    return (
        counted.rows,
        counted.signals,
        counted.rows_with_mean,
        counted.header,
        counted.repairs.counts,
        counted.repairs.first,
    )


@given(st.data(), documents(), windows)
def test_stopped_anywhere(data: st.DataObject, document: Document, window: int) -> None:
    """Stops at random bytes, each fed again from the offset that the state gives, change nothing."""
    config = Config(window=window)
    whole = SignalStream(config)
    whole.feed(document.data)
    whole.finish()
    counted, fed = SignalStream(config), 0
    for piece in data.draw(cuts(document.data)):
        end = fed + len(piece)
        start = fed
        counted.feed(piece)
        counted, fed = moved(counted, config)
        assert fed <= end
        counted.feed(document.data[fed:end])
        fed = end
        assert start <= fed
    counted.finish()
    assert known(counted) == known(whole)


@given(st.data(), candle_files(), windows, st.sampled_from(["error", "missing"]))
def test_stopped_between_blocks(data: st.DataObject, text: bytes, window: int, bad_rows: str) -> None:
    """With the block engine at work too, a stream that is stopped ends as one that is not, its errors included."""
    options: dict[str, Any] = {"window": window, "bad_rows": bad_rows}
    wanted = outcome([text], **options)
    config = Config(**options)
    engine = by_blocks(data.draw(st.sampled_from([100, 1000, 65536])))
    counted, fed, error = SignalStream(config, **engine), 0, None
    try:
        for end in sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4))):
            if end > fed:
                counted.feed(text[fed:end])
                counted, fed = moved(counted, config, **engine)
        counted.feed(text[fed:])
        counted.finish()
    except DataError as failure:
        error = str(failure)
    assert (counted.rows, counted.signals, error) == (wanted["rows"], wanted["signals"], wanted["error"])
    assert counted.repairs.counts == wanted["repairs"]


@pytest.mark.parametrize("case", [case for case in CASES if len(case.data) < 500], ids=lambda case: case.name)
def test_stopped_anywhere_in_a_case(case: Case) -> None:
    """In every case of CSV, a stop at any byte changes nothing."""
    config = Config(**case.settings)
    for stop in range(len(case.data) + 1):
        counted, found = SignalStream(config), ""
        try:
            counted.feed(case.data[:stop])
            counted, fed = moved(counted, config)
            counted.feed(case.data[fed:])
            counted.finish()
        except DataError as error:
            found = str(error)
        assert (found or (counted.rows, counted.signals)) == case.answer


@given(st.lists(close_lists, min_size=1, max_size=4), windows, st.data())
def test_stopped_between_parts(parts: list[list[str]], window: int, data: st.DataObject) -> None:
    """A state taken after one of several parts goes on with the next, whose header is known to it."""
    config = Config(window=window)
    counted = SignalStream(config)
    for closes in parts:
        counted.feed(candle_csv(closes))
        counted.end_input()
        if data.draw(st.booleans()):
            counted, offset = moved(counted, config)
            assert offset == 0
    assert counted.finish()[:2] == count([close for closes in parts for close in closes], window)


@pytest.mark.parametrize("text", ['\ufeff"a\r\nb",5\r\n1,6\r\n', '"a\n\nb",5\n1,6\n', '\n\r\n"a\r\nb",5\r\n1,6'])
def test_a_first_row_of_several_lines(text: str) -> None:
    """A later file without a header can be stopped at every byte of a first row that stands in quotes."""
    config, data = Config(header=False, column=2, window=2), text.encode()
    for stop in range(len(data)):
        counted = SignalStream(config)
        counted.feed(b"x,4\n")
        counted.end_input()
        counted.feed(data[:stop])
        counted, offset = moved(counted, config)
        counted.feed(data[offset:])
        assert counted.finish()[:2] == (3, 2)


class Tally(Observer):
    """Counts texts, and gives its own dict as the snapshot, as whoever writes an observer may do."""

    name = "tally"

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = {}

    def row(self, row: Row) -> None:
        self.counts.setdefault(row.text(0).decode("latin-1"), []).append(row.number)

    def snapshot(self) -> dict[str, list[int]]:
        return self.counts

    def restore(self, saved: dict[str, list[int]]) -> None:
        self.counts = {text: list(numbers) for text, numbers in saved.items()}


class Watched:
    """A stream that everything in the package watches; the order of the times in its first rows, or in all."""

    def __init__(self, config: Config, state: State | None, *, first: bool, **engine: Any) -> None:
        keyed = config.is_keyed
        self.times = TimeOrder(rows=3 if first else None)
        self.last, self.tally, self.charts = TimeOrder(name="last_time"), Tally(), KeyCharts(most=4)
        self.overview = Overview(keyed=keyed, windows=1 + len(config.windows), most=8)
        lines = SignalLines(keyed=keyed, windows=config.windows)
        self.rates = Rates("week", 1)
        observers: list[Observer] = [lines, self.times, self.last, self.tally, self.charts, self.overview, self.rates]
        make = partial(SignalStream.from_state, config, state) if state else partial(SignalStream, config)
        self.stream = make(observers, **engine)

    def end(self, data: bytes) -> object:
        """Feed the last bytes; return all there is to know then."""
        stream, overview = self.stream, self.overview
        try:
            stream.feed(data)
            stream.end_input()
        except DataError as error:
            return str(error), known(stream)
        order = self.times
        return (
            (known(stream), stream.by_key, stream.by_window, stream.by_key_and_window),
            (order.counts, list(map(str, order.first.values())), order.pairs, order.span(0), order.gap(1)),
            (self.last.last, self.last.tells_rows_apart, self.tally.counts),
            (overview.columns(), overview.flats, overview.flat_stretches, overview.flat_rows),
            [(key, chart.columns()) for key, chart in self.charts],
            self.rates.snapshot(),
        )


def test_everything_that_watches_is_watched() -> None:
    """No observer of the package is left out of `Watched`."""
    names = [name for _, name, _ in pkgutil.iter_modules(stream_signal.core.observers.__path__)]
    modules = [importlib.import_module(f"stream_signal.core.observers.{name}") for name in names]
    found = {name for module in modules for name, kind in vars(module).items() if hasattr(kind, "snapshot")}
    assert found - {"Buckets", "Flats", "Observer", "Symbols", "TimeLine", "TimeSequence"} == {
        *("KeyCharts", "Overview", "Rates", "SignalLines", "Thousands", "TimeOrder")
    }


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["60", "60", "120", "180", "240", "300", "x", "", "01/02/2024", "02/01/2024"]),
            st.sampled_from("AAB"),
            st.one_of(tied_prices, missing_closes, st.just("abc")),
        ),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([{}, {"windows": (3, 1)}, {"key": "symbol"}, {"key": "symbol", "windows": (3,)}]),
    st.booleans(),
    st.sampled_from([{}, by_blocks(200)]),
    st.sampled_from(["", "\n"]),
    st.sampled_from(["time", "time", "note"]),
    st.data(),
)
def test_a_state_is_a_value(  # noqa: PLR0917 - what is drawn
    rows: list[tuple[str, str, str]],
    settings: dict[str, Any],
    first: bool,  # noqa: FBT001 - drawn
    engine: dict[str, Any],
    end: str,
    name: str,
    data: st.DataObject,
) -> None:
    """What a stream does later changes nothing in a state taken before; taken or gone on from, it ends the same."""
    config = Config(window=2, bad_rows="missing", max_bad=1, **({"key": "none"} | settings))
    text = ("\n".join([f"{name},symbol,close", *map(",".join, rows)]) + end).encode()
    cut = data.draw(st.one_of(st.just(len(text)), st.integers(0, len(text))))
    whole, stopped = (Watched(config, None, first=first, **engine) for _ in range(2))
    whole.stream.feed(text[:cut])
    wanted = whole.end(text[cut:])
    stopped.stream.feed(text[:cut])
    state = stopped.stream.state()
    taken = deepcopy(state)
    assert stopped.end(text[cut:]) == wanted
    assert state == taken
    for _ in range(2):
        assert Watched(config, state, first=first, **engine).end(text[state.offset :]) == wanted
    assert state == taken


def test_a_stream_that_has_ended_has_no_state() -> None:
    """Neither after its end nor after an error is there a place to go on from."""
    counted = SignalStream()
    counted.feed(b"close\n1\n")
    counted.finish()
    with pytest.raises(ValueError, match="this stream has ended"):
        counted.state()
    counted = SignalStream()
    with pytest.raises(DataError):
        counted.feed(b"close\nx\n")
    with pytest.raises(ValueError, match="this stream has ended"):
        counted.state()


@given(documents(), windows, st.integers(0, 9))
def test_a_state_equals_what_its_json_says(document: Document, window: int, tail: int) -> None:
    """A state that was put into JSON and taken out of it is equal to the first one, its repairs included."""
    counted = SignalStream(Config(window=window), [TimeOrder()])
    counted.begin_input("a.csv")
    counted.feed(document.data[: len(document.data) - tail])
    state = counted.state()
    assert State.from_json(json.loads(json.dumps(state.as_json())), window) == state
    counted.repairs.note("bad_rows", 1)
    assert counted.state() != state or not state.offset  # the lines before the rows are read again


def valid() -> dict[str, Any]:
    """Give a state as JSON."""
    counted = SignalStream(Config(window=3))
    counted.feed(candle_csv(["1", "", "3", "4.5", "6"]))
    return counted.state().as_json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rows", -1),
        ("rows", 10**30),
        ("rows", "5"),
        ("rows", True),
        ("offset", 1.0),
        ("line", None),
        ("rows", 4),
        ("full", []),
        ("full", [-1]),
        ("series", {"": []}),
        ("series", {"": [[5, 6, 1, [300, 450, 600], 2]]}),
        ("series", {"": [[5, 1, 4, [300, 450, 600], 2]]}),
        ("series", {"": [[5, 1, "2", [300, 450, 600], 2]]}),
        ("series", {"": [[5, 1, 1, [1, 2, 3, 4], 2]]}),
        ("series", {"": [[5, 1, 1, [1, 2.5], 2]]}),
        ("series", {"": [[5, 1, 1, "123", 2]]}),
        ("series", {"": [[5, 1, 1, [10**900], 2]]}),
        ("series", {"": [[5, 1, 1, [300, 450, 600], 401]]}),
        ("series", {"": [[6, 1, 1, [300, 450, 600], 2]]}),
        ("header", None),
        ("header", {}),
        ("header", [1]),
        ("repairs", []),
        ("repairs", {"bad_rows": 1}),
        ("repairs", {"bad_rows": [-1, []]}),
        ("repairs", {"bad_rows": [1, []]}),
        ("repairs", {"bad_rows": [1, [1]]}),
        ("repairs", {"bad_rows": [1, [["1", "", None]]]}),
        ("repairs", {"bad_rows": [1, [[1, "", None], [2, "", None]]]}),
        ("repairs", {"bad_rows": [9, [[line, "", None] for line in range(1, 5)]]}),
        ("repairs", {"odd_rows": [1, [[1, "", None]]]}),
        ("observed", []),
        ("more", 1),
    ],
)
def test_no_state(field: str, value: object) -> None:
    """JSON that cannot be the state of a stream is refused."""
    assert State.from_json(valid(), 3).rows == 5
    with pytest.raises(ValueError, match=r"expected|contradict|no header|no repairs"):
        State.from_json(valid() | {field: value}, 3)


@pytest.mark.parametrize(
    ("field", "value"), [("delimiter", "x"), ("position", 6), ("names", ["close"]), ("line", 1), ("width", 0)]
)
def test_no_header(field: str, value: object) -> None:
    """A header that contradicts itself is refused."""
    state = valid()
    state["header"] |= {field: value}
    with pytest.raises(ValueError, match=r"expected|no header"):
        State.from_json(state, 3)


def test_the_engines_agree_on_the_state() -> None:
    """After the same bytes, the row engine and the block engine leave the same state."""
    text = candle_csv(["4.58", "4.59", "", "4.5", "4.61"] * 200)[:-7]
    states = []
    engines: list[dict[str, Any]] = [BY_ROWS, by_blocks(1000)]
    for engine in engines:
        counted = SignalStream(**engine)
        counted.feed(text)
        states.append(counted.state().as_json())
    assert states[0] == states[1]
