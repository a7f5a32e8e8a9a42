"""The block engine with keys: the answer of the row engine, on any bytes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream, StreamSignalError, TimeOrder
from stream_signal.core.limits import Tuning
from stream_signal.core.observers.signal_lines import SignalLines
from stream_signal.core.state import State
from support.keyed_files import KeyedFile, keyed_files

if TYPE_CHECKING:
    from collections.abc import Sequence


def answer(file: KeyedFile, engine: Any, block_bytes: int, cuts: Sequence[int], *, resumes: bool = False) -> object:
    """Count a file, cut anywhere; with `resumes`, in a new stream after each cut."""
    config = Config(**file.config)
    stream = SignalStream(config, tuning=Tuning(engine, block_bytes=block_bytes))
    bounds = sorted({0, len(file.data), *(cut for cut in cuts if cut < len(file.data))})
    try:
        begin = 0
        for _, end in pairwise(bounds):
            stream.feed(file.data[begin:end])
            begin = end
            if resumes and end < len(file.data):
                state = State.from_json(json.loads(json.dumps(stream.state().as_json())), config.window, config.windows)
                stream, begin = SignalStream.from_state(config, state, tuning=Tuning(engine)), state.offset
        counts = stream.finish()
    except StreamSignalError as error:
        return type(error), str(error), stream.rows, stream.keys, list((stream.by_key or {}).items())
    assert stream.by_key is not None
    further = stream.by_window, stream.by_key_and_window
    return (
        counts,
        list(stream.by_key.items()),
        further,
        stream.rows_with_mean,
        stream.repairs.counts,
        stream.repairs.first,
    )


@given(keyed_files(), st.integers(64, 2000), st.lists(st.integers(0, 3000), max_size=4))
def test_one_answer(file: KeyedFile, block_bytes: int, cuts: list[int]) -> None:
    """Counts, keys, repairs and errors are those of the row engine, wherever blocks and bytes are cut."""
    wanted = answer(file, "rows", 1000, [])
    assert answer(file, "blocks", block_bytes, cuts) == wanted
    assert answer(file, "blocks", 1 << 20, []) == wanted


@given(keyed_files(), st.integers(64, 2000), st.lists(st.integers(0, 3000), min_size=1, max_size=3))
def test_stopped_anywhere(file: KeyedFile, block_bytes: int, cuts: list[int]) -> None:
    """A stream that is saved and resumed goes on in the block engine as if it had not stopped."""
    whole, resumed = answer(file, "rows", 1000, []), answer(file, "blocks", block_bytes, cuts, resumes=True)
    assert resumed == whole


def read_by(file: KeyedFile, engine: Any, block_bytes: int, form: str) -> tuple[bytes, object, object, str]:
    """Count a file with observers; give the signal lines, the order of the times, and the error if there is one."""
    lines, times, error = SignalLines(form, keyed=True, windows=file.config["windows"]), TimeOrder(), ""
    stream = SignalStream(Config(**file.config), [lines, times], tuning=Tuning(engine, block_bytes=block_bytes))
    try:
        stream.feed(file.data)
        stream.finish()
    except StreamSignalError as failure:
        error = str(failure)
    return lines.take(), times.counts, {kind: str(step) for kind, step in times.first.items()}, error


@given(keyed_files(), st.integers(64, 2000), st.sampled_from(["csv", "jsonl"]))
def test_observers_see_the_same(file: KeyedFile, block_bytes: int, form: str) -> None:
    """Signal lines and the order of the times of each key are those of the row engine, up to an error."""
    wanted = read_by(file, "rows", 1000, form)
    assert read_by(file, "blocks", block_bytes, form) == wanted
    assert read_by(file, "blocks", 1 << 20, form) == wanted


def test_the_engines_take_turns() -> None:
    """A key whose rows are read by both engines has one window: quoted lines go to one, plain ones to the other."""
    lines = [
        f'"{at}","{"AB"[at % 2]}","{at % 7}"\n' if at % 50 < 10 else f"{at},{'AB'[at % 2]},{at % 7}\n"
        for at in range(2000)
    ]
    file = KeyedFile(f"time,symbol,close\n{''.join(lines)}".encode(), {"window": 30, "key": "symbol"})
    assert answer(file, "blocks", 1 << 20, []) == answer(file, "rows", 1000, [])


@pytest.mark.parametrize("count", [1, 300, 70_000])
@pytest.mark.parametrize("grouped", [False, True])
def test_how_many(count: int, *, grouped: bool) -> None:
    """One key, hundreds, and more than 16 bits can number."""
    order = [(at * 31) % count for at in range(count * 3)]
    lines = "".join(f"K{key},{(at * 7919) % 1000}.25\n" for at, key in enumerate(sorted(order) if grouped else order))
    file = KeyedFile(f"symbol,close\n{lines}".encode(), {"window": 2, "key": "symbol", "grouped": grouped})
    assert answer(file, "blocks", 1 << 20, []) == answer(file, "rows", 1000, [])


def test_far_from_the_start_of_the_line() -> None:
    """A key that is far to the right is found, and one at the end of the line."""
    for names in ("a,b,symbol,close", "a,b,close,symbol"):
        fields = {"a": "x" * 70, "b": "y" * 40, "symbol": "BTC", "close": "1"}
        lines = []
        for at in range(300):
            fields |= {"symbol": f"S{at % 7}", "close": f"{at * 13 % 11}.5", "a": "x" * (60 + at % 9)}
            lines.append(",".join(fields[name] for name in names.split(",")) + "\n")
        file = KeyedFile(f"{names}\n{''.join(lines)}".encode(), {"window": 3, "key": "symbol"})
        assert answer(file, "blocks", 1 << 20, []) == answer(file, "rows", 1000, [])


@pytest.mark.parametrize("engine", ["rows", "blocks"])
def test_the_keys_before_a_failure(engine: Any) -> None:
    """A stream that failed knows the keys of the rows before the failure, and none of those behind it."""
    before, behind = (b"".join(b"K%d,4.5\n" % number for number in numbers) for numbers in (range(20), range(20, 99)))
    stream = SignalStream(Config(key="symbol"), tuning=Tuning(engine, block_bytes=1000))
    with pytest.raises(StreamSignalError):
        stream.feed(b"symbol,close\n" + before + b",4.5\n" + behind)
    assert (stream.rows, stream.keys) == (20, 20)
