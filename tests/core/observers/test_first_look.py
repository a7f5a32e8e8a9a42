"""The first look: what an observer of the first 10,000 rows of each input, and of the last one, would see."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream, State, TimeOrder
from stream_signal.core.limits import FIRST_ROWS as ROWS
from stream_signal.core.observers.first_look import FirstLook
from support.strategies import cuts
from support.streams import BY_ROWS, by_blocks

ENGINES: list[dict[str, Any]] = [BY_ROWS, by_blocks(1000), by_blocks(65536)]
HEADER = "time,close\n"


def found(order: TimeOrder) -> object:
    """Give all that was seen."""
    first = {kind: str(step) for kind, step in order.first.items()}
    return order.counts, first, order.pairs, order.last, order.steps.as_json()


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


def looked_at(texts: list[bytes], engine: dict[str, Any], pieces: Any = None) -> FirstLook:
    """Feed files one after another; return the look."""
    look = FirstLook()
    stream = SignalStream(Config(bad_rows="missing"), look=look, **engine)
    for text in texts:
        for piece in pieces(text) if pieces else [text]:
            stream.feed(piece)
        stream.end_input()
    return look


regular = st.tuples(st.integers(0, 2000), st.sampled_from([1, 60, 300, 3600, 86400]), st.sampled_from([1, 1000, 10**6]))
columns = st.one_of(
    regular.map(lambda given: [str((1_700_000_000 + at * given[1]) * given[2]) for at in range(given[0])]),
    st.lists(st.integers(1_700_000_000, 1_700_000_400).map(str), max_size=200).map(sorted),
    st.lists(st.integers(90, 110).map(str), max_size=200),
    st.lists(st.sampled_from(["2024-01-01", "2024-01-02T00:00Z", "x", "", "60", "060"]), max_size=200),
)


@given(st.data(), st.lists(columns, max_size=3), st.integers(0, 9), st.sampled_from(ENGINES))
def test_as_an_observer(data: st.DataObject, files: list[list[str]], seed: int, engine: dict[str, Any]) -> None:
    """While an input is no longer than that, it is all seen: at every cut, by either engine, as an observer sees it."""
    texts = [text_of(times, seed) for times in files]
    order = TimeOrder()
    stream = SignalStream(Config(bad_rows="missing"), [order])
    for text in texts:
        stream.feed(text)
        stream.end_input()
    look = looked_at(texts, engine, lambda text: data.draw(cuts(text)))
    assert not look.is_in_order or (not order.counts and order.steps.longer * 100 <= order.steps.count)
    assert found(look.order) == found(order)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("end", [b"", b"\n\n", b"17,1,1\n", HEADER.encode()])
def test_the_seam(engine: dict[str, Any], end: bytes) -> None:
    """Of a longer input, the first rows and the last one are seen: January after February is noticed."""
    february = [str(2_000_000_000 + 60 * at) for at in range(ROWS + 5000)]
    january = [str(1_000_000_000 + 60 * at) for at in range(100)]
    february[ROWS + 10] = "1"  # not seen
    look = looked_at([text_of(february) + end, text_of(january)], engine)
    rows = ROWS + 5000 + (end[:2] == b"17")
    step = f"row {rows + 1}: '1000000000' after '{february[-1]}'"
    assert {kind: str(found) for kind, found in look.order.first.items()} == {"backwards": step}
    assert look.order.pairs == ROWS - 1 + 100
    in_order = looked_at([text_of(january), text_of(february)], engine)
    assert (in_order.is_in_order, in_order.order.pairs) == (True, 99 + ROWS)


@pytest.mark.parametrize("stop", [50, 5000, 120_000, 190_000])
def test_resumed(stop: int) -> None:
    """A stream that was stopped, within the first rows or after them, ends with what it would have seen."""
    times = [str(1_700_000_000 + 60 * at + (at > 300)) for at in range(ROWS + 3000)]
    times[20] = times[19]
    first, second = text_of(times), text_of(times[:10])
    whole = looked_at([first, second], BY_ROWS)
    config, look = Config(bad_rows="missing"), FirstLook()
    stream = SignalStream(config, look=look)
    stream.feed(first[:stop])
    state = State.from_json(json.loads(json.dumps(stream.state().as_json())), config.window)
    resumed = FirstLook()
    stream = SignalStream.from_state(config, state, look=resumed)
    stream.feed(first[state.offset :])
    stream.end_input()
    stream.feed(second)
    stream.end_input()
    assert found(resumed.order) == found(whole.order)


def test_resumed_by_an_observer() -> None:
    """A stream that sees every row resumes from one that saw the first, and the other way round."""
    config, text = Config(), text_of(["60", "120", "120", "180"])
    stream = SignalStream(config, look=FirstLook())
    stream.feed(text)
    order = TimeOrder()
    stream = SignalStream.from_state(config, stream.state(), [order])
    stream.feed(b"180,1\n")
    look = FirstLook()
    stream = SignalStream.from_state(config, stream.state(), look=look)
    stream.feed(b"60,1\n")  # not seen: an observer does not say how many rows remain
    stream.end_input()
    stream.feed(b"50,1\n")
    assert look.order.counts == {"repeated": 2, "backwards": 1}
