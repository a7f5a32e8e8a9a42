"""Observers: one protocol for whatever sees the rows, by either engine."""

from __future__ import annotations

import importlib.util
import json
import re
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, Observer, Row, SignalStream, State
from support.candle_csv import candle_csv
from support.oracle import means, value_of
from support.strategies import Document, candle_files, close_lists, cuts, documents, windows
from support.streams import BY_ROWS, by_blocks

if TYPE_CHECKING:
    from pathlib import Path

    from stream_signal.core.layout.layout import Layout

NEW_FILE = """
from stream_signal import Observer

class CloseRose(Observer):
    def __init__(self):
        self.count, self.before = 0, None

    def row(self, row):
        if row.close is not None:
            self.count += self.before is not None and row.close > self.before
            self.before = row.close
"""


class Recorder(Observer):
    """Remembers everything there is to see of a row."""

    name = "recorder"

    def __init__(self, column: int = 0) -> None:
        self.column = column
        self.headers: list[Layout] = []
        self.seen: list[tuple[Any, ...]] = []

    def begin(self, header: Layout) -> None:
        self.headers.append(header)

    def row(self, row: Row) -> None:
        close = None if row.close is None else str(row.close)  # a Decimal equals others that are written otherwise
        self.seen.append((row.number, close, row.has_close, row.above, row.exact_mean, row.mean, row.text(self.column)))

    def snapshot(self) -> int:
        return len(self.seen)

    def restore(self, saved: int) -> None:
        if saved != len(self.seen):
            raise ValueError("another stream")


def recorded(pieces: list[bytes], column: int, engine: dict[str, Any], **options: Any) -> object:
    """Feed the pieces; return what an observer saw, and the error that ended the stream, if any."""
    recorder = Recorder(column)
    stream = SignalStream(Config(**options), [recorder], **engine)
    try:
        for piece in pieces:
            stream.feed(piece)
        stream.finish()
    except DataError as error:
        return recorder.headers, recorder.seen, str(error)
    return recorder.headers, recorder.seen, None


def test_a_new_observer_is_one_file_and_one_line(tmp_path: Path) -> None:
    """Closes that rise are counted by a class in a file of its own, named in one place, on real candles."""
    (tmp_path / "close_rose.py").write_text(NEW_FILE)
    spec = importlib.util.spec_from_file_location("close_rose", tmp_path / "close_rose.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    closes = ["4.58", "4.580", "4.59", "", "4.6", "4.5", "46e-1", "4.61"] * 500
    values = [value for value in map(value_of, closes) if value is not None]
    wanted = sum(now > before for before, now in pairwise(values))
    for engine in (BY_ROWS, by_blocks(1000), by_blocks(65536)):
        rose = module.CloseRose()
        stream = SignalStream(Config(), observers=[rose], **engine)
        stream.feed(candle_csv(closes))
        stream.finish()
        assert rose.count == wanted


@given(st.data(), candle_files(), windows, st.sampled_from(["error", "missing"]), st.integers(0, 3))
def test_the_engines_show_the_same_rows(
    data: st.DataObject, text: bytes, window: int, bad_rows: str, column: int
) -> None:
    """Laws 2 and 3: number, close, mean, signal and any text of each row are the same, by either engine, at any cut."""
    options: dict[str, Any] = {"window": window, "bad_rows": bad_rows}
    wanted = recorded([text], column, BY_ROWS, **options)
    engine = by_blocks(data.draw(st.sampled_from([100, 1000, 65536])))
    assert recorded(data.draw(cuts(text)), column, engine, **options) == wanted


@given(documents(), windows, st.sampled_from([BY_ROWS, by_blocks(500)]))
def test_exact(document: Document, window: int, engine: dict[str, Any]) -> None:
    """Law 1: the close and the mean that an observer sees are those of the fractions."""
    recorder = Recorder()
    stream = SignalStream(Config(window=window), [recorder], **engine)
    stream.feed(document.data)
    stream.finish()
    values = list(map(value_of, document.closes))
    wanted = [(value, mean) for value, mean in zip(values, means(values, window), strict=True)]
    assert [
        (close if close is None else Fraction(close), mean) for _, close, _, _, mean, _, _ in recorder.seen
    ] == wanted


@given(st.data(), close_lists, windows)
def test_values_beyond_int64(data: st.DataObject, closes: list[str], window: int) -> None:
    """Closes too large for the arrays are shown one at a time, and are the same."""
    large = [f"9e{data.draw(st.integers(15, 40))}" if close and data.draw(st.booleans()) else close for close in closes]
    text = candle_csv(["1"] * 40 + [str(10**15 + number) for number in range(40)] + large)
    wanted = recorded([text], 0, BY_ROWS, window=window * 2000)
    assert recorded([text], 0, by_blocks(65536), window=window * 2000) == wanted


def test_begin_comes_once(tmp_path: Path) -> None:
    """An observer learns of the header once, whatever is read, and once more where the stream is resumed."""
    recorder = Recorder()
    stream = SignalStream(Config(), [recorder])
    stream.feed(b"time,cl")
    assert recorder.headers == []
    stream.feed(b"ose\n1,5\n")
    stream.end_input()
    stream.feed(b"time,close\n2,6\n")
    assert recorder.headers == [stream.header]
    state = State.from_json(json.loads(json.dumps(stream.state().as_json())), 5)
    assert state.observed == {"recorder": 2}
    SignalStream.from_state(Config(), state, [recorder])
    assert recorder.headers == [stream.header] * 2
    with pytest.raises(ValueError, match="another stream"):
        SignalStream.from_state(Config(), state, [Recorder()])


class Keeper(Observer):
    """Has something to keep, and no name to keep it under."""

    def snapshot(self) -> int:
        return 1


def named(name: str) -> Observer:
    """Give an observer with a name, and nothing to keep."""
    observer = Observer()
    observer.name = name
    return observer


@pytest.mark.parametrize(
    ("observers", "message"),
    [
        ([Recorder(), Recorder(1)], "a name of its own for each observer, found 'recorder', which is taken"),
        ([named("a"), named("b"), named("a")], "a name of its own for each observer, found 'a', which is taken"),
        ([Keeper()], "a `name` for the snapshot of each observer, found none in Keeper"),
        ([named("tail")], "a name of its own for each observer, found 'tail', which is taken"),
    ],
)
def test_each_snapshot_has_a_name(observers: list[Observer], message: str) -> None:
    """No observer is restored from what another one saved: a name that is taken, or missing, is refused at once."""
    with pytest.raises(ValueError, match=re.escape(message)):
        SignalStream(Config(), observers)


def test_observers_without_a_snapshot_need_no_name() -> None:
    """Any number of observers that keep nothing may go without a name, beside one that has one."""
    stream = SignalStream(Config(), [Observer(), Observer(), Recorder()])
    stream.feed(b"close\n1\n")
    assert stream.state().observed == {"recorder": 1}


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(65536)], ids=["rows", "blocks"])
def test_the_text_of_a_bad_row(engine: dict[str, Any]) -> None:
    """Its fields are there if it has as many as the header, as written; otherwise they are empty."""
    good = b"60,1.5\n" * 9
    bad = [b"a,x1", b"b", b"c,2,3", b'"d","x ""2"""', b'"e"5,2']
    recorders = [Recorder(column) for column in (0, 1)]
    recorders[1].name = "other"
    stream = SignalStream(Config(bad_rows="missing"), recorders, **engine)
    stream.feed(b"time,close\n" + b"".join(good + row + b"\n" for row in bad) + good)
    stream.finish()
    found = [(first[-1], second[-1]) for first, second in zip(*(recorder.seen for recorder in recorders), strict=True)]
    assert found[9::10] == [(b"a", b"x1"), (b"", b""), (b"", b""), (b"d", b'x "2"'), (b"", b"")]


def test_an_observer_that_fails() -> None:
    """An error that an observer raises for the header ends the stream before its first row."""

    class Refusing(Observer):
        def begin(self, header: Layout) -> None:
            raise DataError(None, "another header", str(header.names))

    stream = SignalStream(Config(), [Refusing()])
    with pytest.raises(DataError, match="another header"):
        stream.feed(b"close\n1\n")
    assert stream.closed
    assert stream.rows == 0


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(65536)], ids=["rows", "blocks"])
def test_a_close_has_one_form(engine: dict[str, Any]) -> None:
    """A close is shown without zeros at the end of its decimals, however it and its neighbours are written."""
    recorder = Recorder()
    closes = ["5", "5.0", "5.00", "-1.50", "7e3", "0", "-0.0", "0.000", "1e-7", "NaN", "100", "0.25", "10"]
    SignalStream(Config(), [recorder], **engine).feed(candle_csv(closes * 9))
    wanted = ["5", "5", "5", "-1.5", "7000", "0", "0", "0", "1E-7", None, "100", "0.25", "10"]
    assert [close for _, close, *_ in recorder.seen] == wanted * 9


def test_a_decimal_is_exact() -> None:
    """A close of more digits than a Decimal context has is the number that was written."""
    recorder = Recorder()
    SignalStream(Config(), [recorder]).feed(b"close\n-" + b"1" * 60 + b".5\n7e3\n0\n")
    assert [close for _, close, *_ in recorder.seen] == ["-" + "1" * 60 + ".5", "7000", "0"]
