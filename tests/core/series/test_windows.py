"""Several windows in one pass: each has the answer of a stream of its own."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, ConfigError, DataError, Row, SignalStream
from stream_signal.core.limits import MAX_WINDOWS
from stream_signal.core.observe import Observer
from stream_signal.core.observers.signal_lines import SignalLines
from stream_signal.core.state import NotApart
from support.strategies import candle_files, cuts
from support.streams import BY_ROWS, by_blocks, moved

if TYPE_CHECKING:
    from stream_signal import Counts

all_windows = st.lists(st.integers(1, 30), min_size=2, max_size=4, unique=True)
ENGINES: list[dict[str, Any]] = [BY_ROWS, by_blocks(100), by_blocks(1000), by_blocks(65536)]


def fed(config: Config, pieces: list[bytes], engine: dict[str, Any]) -> SignalStream:
    """Feed the pieces; stop at an error, as the job does."""
    stream = SignalStream(config, **engine)
    try:
        for piece in pieces:
            stream.feed(piece)
        stream.finish()
    except DataError:
        pass
    return stream


def counts_of(stream: SignalStream) -> list[Counts | None]:
    """Give the counts of each window, in order."""
    return [stream.counts, *(stream.by_window or {}).values()]


@given(st.data(), candle_files(), all_windows, st.sampled_from(["error", "missing"]), st.sampled_from(ENGINES))
def test_each_as_if_alone(
    data: st.DataObject, text: bytes, windows: list[int], bad_rows: str, engine: dict[str, Any]
) -> None:
    """The counts of each window are those of a stream with that window alone, by either engine, however it is cut."""
    first, *more = windows
    stream = fed(Config(window=first, windows=more, bad_rows=bad_rows), data.draw(cuts(text)), engine)
    alone = [fed(Config(window=window, bad_rows=bad_rows), [text], {}) for window in windows]
    if stream.rows:
        assert counts_of(stream) == [each.counts for each in alone]
        assert list(stream.by_window or {}) == more


def test_each_key_in_each_window() -> None:
    """Each key has the counts of each further window, as if it were alone with it; without keys there are none."""
    text = b"symbol,close\n" + b"".join(f"{'AB'[at % 3 > 1]},{at * 7 % 5}\n".encode() for at in range(40))
    stream = fed(Config(key="symbol", window=2, windows=[3, 5]), [text], {})
    alone = {window: fed(Config(key="symbol", window=window), [text], {}).by_key or {} for window in (3, 5)}
    assert stream.by_key_and_window == {key: {window: alone[window][key] for window in (3, 5)} for key in "AB"}
    assert list((stream.by_key_and_window or {})["A"]) == [3, 5]
    assert not fed(Config(key="symbol", window=2), [text], {}).by_key_and_window
    assert not fed(Config(window=2, windows=[3], column="close"), [b"close\n1\n2\n3\n"], {}).by_key_and_window


def test_a_row_of_no_key_does_not_signal() -> None:
    """An observer sees neither a signal nor a mean where a key cannot be read, and the next rows begin anew."""
    seen: list[tuple[bool, float | None]] = []

    class Watching(Observer):
        def row(self, row: Row) -> None:
            seen.append((row.above, row.mean))

    config = Config(key="symbol", window=2, bad_rows="missing", max_bad=1)
    SignalStream(config, [Watching()], **BY_ROWS).feed(b"symbol,close\nA,1\nA,2\n,9\nA,3\nA,4\n")
    assert seen == [(False, None), (True, 1.5), (False, None), (False, None), (True, 3.5)]


def written_lines(text: bytes, form: str, engine: dict[str, Any], window: int, more: list[int]) -> list[bytes]:
    """Write the signal lines of a file."""
    lines = SignalLines(form, windows=more)
    stream = SignalStream(Config(window=window, windows=more, bad_rows="missing"), [lines], **engine)
    stream.feed(text)
    stream.end_input()
    return (lines.format.header + lines.take()).splitlines()


@given(candle_files(), all_windows, st.sampled_from(ENGINES), st.sampled_from(["csv", "jsonl"]))
def test_signals(text: bytes, windows: list[int], engine: dict[str, Any], form: str) -> None:
    """A line has the mean and the signal of each window, as the lines of that window alone have them."""
    first, *more = windows
    written = written_lines(text, form, engine, first, more)
    alone = [written_lines(text, form, {}, window, []) for window in windows]
    if form == "csv":
        wide = list(csv.reader(line.decode() for line in written))
        narrow = [list(csv.reader(line.decode() for line in each)) for each in alone]
        assert wide[0][3:] == [
            "mean",
            "signal",
            *(f"{name}_{window}" for window in more for name in ("mean", "signal")),
        ]
        assert [row[:3] for row in wide] == [row[:3] for row in narrow[0]]
        for at, rows in enumerate(narrow):
            assert [row[3 + 2 * at : 5 + 2 * at] for row in wide[1:]] == [row[3:] for row in rows[1:]]
        return
    tables = [[json.loads(line) for line in each] for each in (written, *alone)]
    for found, *own in zip(*tables, strict=True):
        for window, row in zip(windows, own, strict=True):
            ending = "" if window == first else f"_{window}"
            assert (found[f"mean{ending}"], found[f"signal{ending}"]) == (row["mean"], row["signal"])


@given(candle_files(), all_windows, st.integers(0, 8000), st.sampled_from(ENGINES))
def test_stopped_anywhere(text: bytes, windows: list[int], stop: int, engine: dict[str, Any]) -> None:
    """A stream that was saved and resumed has the answer of one that was not."""
    config = Config(window=windows[0], windows=windows[1:], bad_rows="missing", max_bad=1)
    stopped = SignalStream(config, **engine)
    stopped.feed(text[:stop])
    resumed, offset = moved(stopped, config, **engine)
    resumed.feed(text[offset:])
    resumed.end_input()
    whole = SignalStream(config)
    whole.feed(text)
    whole.end_input()
    assert counts_of(resumed) == counts_of(whole)


@given(candle_files(), all_windows, st.integers(0, 8000))
def test_counted_apart(text: bytes, windows: list[int], cut: int) -> None:
    """Lines that are counted apart add to each window what they would have added in the stream."""
    config = Config(window=windows[0], windows=windows[1:], bad_rows="missing", max_bad=1)
    seam = text.rfind(b"\n", 0, cut) + 1
    stream = SignalStream(config)
    stream.feed(text[:seam])
    apart, end = stream.apart(), text.rfind(b"\n") + 1
    if apart and b'"' not in text:
        try:
            stretch = SignalStream.count_apart(apart, [text[seam:end]])
        except NotApart:  # its last lines may be no rows, which the end of the input tells
            return
        stream.add(stretch, text[seam:end])
        whole = SignalStream(config)
        whole.feed(text[:end])
        assert counts_of(stream) == counts_of(whole)


def test_an_observer_sees_each_window() -> None:
    """`more` has the row as the further windows see it."""

    class Means(Observer):
        def __init__(self) -> None:
            self.seen: list[list[tuple[int, float | None, bool]]] = []

        def row(self, row: Row) -> None:
            self.seen.append([(each.window, each.mean, each.above) for each in (row, *row.further)])

    wanted = [
        [(1, 4.0, False), (2, None, False)],
        [(1, 5.0, False), (2, 4.5, True)],
        [(1, 3.0, False), (2, 4.0, False)],
    ]
    for engine in ENGINES:
        means = Means()
        SignalStream(Config(window=1, windows=[2]), [means], **engine).feed(b"close,x\n4,1\n5,1\n3,1\n")
        assert means.seen == wanted


def test_a_sum_beyond_int64() -> None:
    """A long window whose sum does not fit into int64 is exact, while a short one beside it is still fast."""
    lines = "".join(f"{at % 3},{9 * 10**17 + at % 7}\n" for at in range(500))
    config = Config(window=2, windows=[300])
    for engine in ENGINES:
        stream = fed(config, [f"x,close\n{lines}".encode()], engine)
        assert counts_of(stream) == counts_of(fed(config, [f"x,close\n{lines}".encode()], BY_ROWS))


@pytest.mark.parametrize("windows", [[5], [20, 20], [0], ["20"], list(range(6, 7 + MAX_WINDOWS)), 20])
def test_windows_that_cannot_be(windows: Any) -> None:
    """The window of the contract again, one twice, none, text, and too many are refused."""
    with pytest.raises(ConfigError, match="windows: expected"):
        Config(window=5, windows=windows)
