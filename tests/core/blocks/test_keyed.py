"""The block engine with keys: the answer of the row engine, on any bytes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream, StreamSignalError
from stream_signal.core.blocks.columns import LONGEST
from stream_signal.core.observers.key_times import KeyTimes
from stream_signal.core.observers.signal_lines import SignalLines
from stream_signal.core.state import State

if TYPE_CHECKING:
    from collections.abc import Sequence

KEYS = ["BTC", "ETH", "BTC-PERP", "Ωmega", "1", "A" * 8, "A" * 9, "B" * LONGEST, "B" * (LONGEST + 1)]
BAD_KEYS = ["", "  ", "\udcff", "BTC\0"]
CLOSES = ["4.58", "4.59", "4.6", "5", "0", "-1.25", "1e3", "12345678901234567890.5", "0." + "0" * 19 + "1"]
MISSING = ["", "NaN", " "]
BAD_CLOSES = ["abc", "--1"]
OTHER_LINES = ["", "time,symbol,close", "1,2", "1,2,3,4", '"17","BTC","4.58"', '17,"BTC,4.58']


class File(NamedTuple):
    """A file of candles with keys, and how it is read."""

    data: bytes
    config: dict[str, Any]


@st.composite
def files(draw: st.DrawFn) -> File:
    """Make up a file: mostly plain rows of some keys, with now and then anything else among them."""
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=5, unique=True))
    grouped, last, crlf = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    plain = st.tuples(st.sampled_from(keys), st.sampled_from(CLOSES[:6]), st.just(""))
    odd = st.tuples(
        st.sampled_from(keys + BAD_KEYS), st.sampled_from(CLOSES + MISSING + BAD_CLOSES), st.sampled_from(OTHER_LINES)
    )
    rows = draw(st.lists(st.one_of(plain, plain, plain, plain, odd), max_size=80))
    if grouped and draw(st.booleans()):
        rows.sort(key=lambda row: (keys + BAD_KEYS).index(row[0]))
    spaces = draw(st.sampled_from(["", "", " "]))
    lines = ["time,close,symbol" if last else "time,symbol,close"]
    for at, (key, close, other) in enumerate(rows):
        written = spaces * (at % 2) + key
        lines.append(other or (f"{at},{close},{written}" if last else f"{at},{written},{close}"))
    text = ("\r\n" if crlf else "\n").join([*lines, ""])
    config = {
        "window": draw(st.integers(1, 6)),
        "key": draw(st.sampled_from(["symbol", 3 if last else 2])),
        "bad_rows": draw(st.sampled_from(["missing", "missing", "error"])),
        "max_bad": 1,
        "grouped": grouped,
        "max_keys": draw(st.sampled_from([1, 3, 100])),
    }
    return File(text.encode(errors="surrogateescape"), config)


def answer(file: File, engine: Any, block_bytes: int, cuts: Sequence[int], *, resumes: bool = False) -> object:
    """Count a file, cut anywhere; with `resumes`, in a new stream after each cut."""
    config = Config(**file.config)
    stream = SignalStream(config, engine=engine, block_bytes=block_bytes)
    bounds = sorted({0, len(file.data), *(cut for cut in cuts if cut < len(file.data))})
    try:
        begin = 0
        for _, end in pairwise(bounds):
            stream.feed(file.data[begin:end])
            begin = end
            if resumes and end < len(file.data):
                state = State.from_json(json.loads(json.dumps(stream.state().as_json())), config.window)
                stream, begin = SignalStream.from_state(config, state, engine=engine), state.offset
        counts = stream.finish()
    except StreamSignalError as error:
        return type(error), str(error)
    assert stream.by_key is not None
    return counts, list(stream.by_key.items()), stream.rows_with_mean, stream.repairs.counts, stream.repairs.first


@given(files(), st.integers(64, 2000), st.lists(st.integers(0, 3000), max_size=4))
def test_one_answer(file: File, block_bytes: int, cuts: list[int]) -> None:
    """Counts, keys, repairs and errors are those of the row engine, wherever blocks and bytes are cut."""
    wanted = answer(file, "rows", 1000, [])
    assert answer(file, "blocks", block_bytes, cuts) == wanted
    assert answer(file, "blocks", 1 << 20, []) == wanted


@given(files(), st.integers(64, 2000), st.lists(st.integers(0, 3000), min_size=1, max_size=3))
def test_stopped_anywhere(file: File, block_bytes: int, cuts: list[int]) -> None:
    """A stream that is saved and resumed goes on in the block engine as if it had not stopped."""
    whole, resumed = answer(file, "rows", 1000, []), answer(file, "blocks", block_bytes, cuts, resumes=True)
    assert resumed == whole


def seen(file: File, engine: Any, block_bytes: int, form: str) -> tuple[bytes, object, object, str]:
    """Count a file with observers; give the signal lines, the order of the times, and the error if there is one."""
    lines, times, error = SignalLines(form, keyed=True), KeyTimes(), ""
    stream = SignalStream(Config(**file.config), [lines, times], engine=engine, block_bytes=block_bytes)
    try:
        stream.feed(file.data)
        stream.finish()
    except StreamSignalError as failure:
        error = str(failure)
    return lines.take(), times.counts, {kind: str(step) for kind, step in times.first.items()}, error


@given(files(), st.integers(64, 2000), st.sampled_from(["csv", "jsonl"]))
def test_observers_see_the_same(file: File, block_bytes: int, form: str) -> None:
    """Signal lines and the order of the times of each key are those of the row engine, up to an error."""
    wanted = seen(file, "rows", 1000, form)
    assert seen(file, "blocks", block_bytes, form) == wanted
    assert seen(file, "blocks", 1 << 20, form) == wanted


def test_the_engines_take_turns() -> None:
    """A key whose rows are read by both engines has one window: quoted lines go to one, plain ones to the other."""
    lines = [
        f'"{at}","{"AB"[at % 2]}","{at % 7}"\n' if at % 50 < 10 else f"{at},{'AB'[at % 2]},{at % 7}\n"
        for at in range(2000)
    ]
    file = File(f"time,symbol,close\n{''.join(lines)}".encode(), {"window": 30, "key": "symbol"})
    assert answer(file, "blocks", 1 << 20, []) == answer(file, "rows", 1000, [])


@pytest.mark.parametrize("count", [1, 300, 70_000])
@pytest.mark.parametrize("grouped", [False, True])
def test_how_many(count: int, *, grouped: bool) -> None:
    """One key, hundreds, and more than 16 bits can number."""
    order = [(at * 31) % count for at in range(count * 3)]
    lines = "".join(f"K{key},{(at * 7919) % 1000}.25\n" for at, key in enumerate(sorted(order) if grouped else order))
    file = File(f"symbol,close\n{lines}".encode(), {"window": 2, "key": "symbol", "grouped": grouped})
    assert answer(file, "blocks", 1 << 20, []) == answer(file, "rows", 1000, [])


def test_far_from_the_start_of_the_line() -> None:
    """A key that is far to the right is found, and one at the end of the line."""
    for names in ("a,b,symbol,close", "a,b,close,symbol"):
        fields = {"a": "x" * 70, "b": "y" * 40, "symbol": "BTC", "close": "1"}
        lines = []
        for at in range(300):
            fields |= {"symbol": f"S{at % 7}", "close": f"{at * 13 % 11}.5", "a": "x" * (60 + at % 9)}
            lines.append(",".join(fields[name] for name in names.split(",")) + "\n")
        file = File(f"{names}\n{''.join(lines)}".encode(), {"window": 3, "key": "symbol"})
        assert answer(file, "blocks", 1 << 20, []) == answer(file, "rows", 1000, [])
