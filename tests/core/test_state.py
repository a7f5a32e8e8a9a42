"""Law 5: a stream stopped at any byte, put into JSON and taken out of it, goes on as if it had not been stopped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream, State, TimeOrder
from support.candle_csv import candle_csv
from support.cases import FIRST_LINES, MARKS, Case
from support.oracle import count
from support.strategies import Document, candle_files, close_lists, cuts, documents, windows
from support.streams import by_blocks, moved, outcome


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


@pytest.mark.parametrize("case", [*MARKS, *FIRST_LINES], ids=lambda case: case.name)
def test_stopped_anywhere_in_a_case(case: Case) -> None:
    """Whatever the first line decided and however the closes are written, a stop at any byte changes nothing."""
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


def test_a_state_is_a_value() -> None:
    """What a stream does later does not change a state taken before, and it can be gone on from twice."""
    config = Config(window=2)
    counted = SignalStream(config)
    counted.feed(candle_csv(["1", "", "3", "4"]))
    state = counted.state()
    saved = json.dumps(state.as_json())
    counted.feed(candle_csv(["", "6", "7"], header=False))
    assert json.dumps(state.as_json()) == saved
    for _ in range(2):
        again = SignalStream.from_state(config, state)
        again.feed(candle_csv(["5", "6"], header=False))
        assert again.finish()[:2] == (6, 3)


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
    assert counted.state() != state


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
        ("signals", 6),
        ("offset", 1.0),
        ("line", None),
        ("ring", [1, 2, 3, 4]),
        ("ring", [1, 2.5]),
        ("ring", "123"),
        ("ring", [10**900]),
        ("places", 401),
        ("header", None),
        ("header", {}),
        ("header", [1]),
        ("repairs", {}),
        ("repairs", {"counts": [], "first": {}}),
        ("repairs", {"counts": {"bad_rows": -1}, "first": {}}),
        ("repairs", {"counts": {}, "first": {"bad_rows": [1]}}),
        ("repairs", {"counts": {}, "first": {"bad_rows": [["1", "", None]]}}),
        ("observed", []),
        ("rows_without_mean", 3),
        ("rows_without_mean", "2"),
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
    engines: list[dict[str, Any]] = [{"engine": "rows"}, by_blocks(1000)]
    for engine in engines:
        counted = SignalStream(**engine)
        counted.feed(text)
        states.append(counted.state().as_json())
    assert states[0] == states[1]
