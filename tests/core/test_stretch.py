"""Stretches: lines that are counted apart from their stream are counted as it would have counted them."""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, Observer, SignalStream, TimeOrder
from stream_signal.core.limits import FIRST_ROWS
from stream_signal.core.state import NotApart
from support.candle_csv import CLOSES, candle_csv
from support.strategies import candle_files, windows
from support.streams import stretch_of

if TYPE_CHECKING:
    import random


TIMES = ["1700000000", "0", "x", "", "2024-01-02T03:04:05Z", "1900000000", "03/04/2024"]


def other_times(data: bytes, rng: random.Random, rate: float) -> bytes:
    """Put some other timestamps into a file."""
    lines = data.split(b"\n")
    for at, line in enumerate(lines[1:], start=1):
        if rng.random() < rate:
            lines[at] = rng.choice(TIMES).encode() + line[10:]
    return b"\n".join(lines)


def known(stream: SignalStream) -> Any:
    """Return all that is known of a stream, or why it has none."""
    return stream.closed or stream.state()


def fed(stream: SignalStream, data: bytes) -> str | None:
    """Feed bytes; return the error."""
    try:
        stream.feed(data)
    except DataError as error:
        return str(error)
    return None


@given(
    candle_files(),
    windows,
    st.sampled_from(["error", "missing"]),
    st.randoms(use_true_random=False),
    st.sampled_from([0, 0, 0.01, 0.2]),
    st.integers(0, 1),
)
def test_a_stream_with_stretches(
    data: bytes,
    window: int,
    bad_rows: str,
    rng: random.Random,
    rate: float,
    observers: int,
) -> None:
    """At each seam, a stream that adds stretches has the state of one that reads every line: counts, repairs, times."""
    data = other_times(data, rng, rate)
    config = Config(window=window, bad_rows=bad_rows)
    whole, parts = (SignalStream(config, [TimeOrder() for _ in range(observers)]) for _ in range(2))
    for stream in (whole, parts):
        stream.begin_input("jan.csv")
    lines = data.splitlines(keepends=True)
    while lines and not whole.closed:
        count = rng.choice([1, 3, 20, 110])
        piece, lines = b"".join(lines[:count]), lines[count:]
        stretch = stretch_of(parts, piece)
        if stretch:
            parts.add(stretch, piece)
            assert fed(whole, piece) is None
        else:
            assert fed(whole, piece) == fed(parts, piece)
        assert known(whole) == known(parts)


@pytest.mark.parametrize("sizes", [[4, 4, 4, 4], [2, 7, 3, 4], [5, 1, 6, 4], [8, 8]])
def test_rows_of_no_key_in_several_stretches(sizes: list[int]) -> None:
    """Each row whose key cannot be read empties the windows, whatever stretch it is in."""
    config = Config(key="symbol", bad_rows="missing", max_bad=1, window=2, windows=(3,))
    whole, parts = SignalStream(config), SignalStream(config)
    for stream in (whole, parts):
        stream.feed(b"symbol,close\nA,1\nB,1\n")
    keys = ["A", "", "B", "A", "", "", "A", "B", "B", "", "A", "A", "B", "A", "B", "A"]
    lines = [f"{key},{at}\n".encode() for at, key in enumerate(keys, start=2)]
    for size in sizes:
        piece, lines = b"".join(lines[:size]), lines[size:]
        whole.feed(piece)
        stretch = stretch_of(parts, piece)
        assert stretch
        parts.add(stretch, piece)
        assert (parts.state(), parts.by_key, parts.by_key_and_window) == (
            *(whole.state(), whole.by_key, whole.by_key_and_window),
        )
    assert not lines


def test_most_lines_are_stretch_of() -> None:
    """Plain rows are counted apart as soon as their timestamps are settled, missing closes and bad rows too."""
    stream = SignalStream(Config(bad_rows="missing"), [TimeOrder()])
    lines = candle_csv([*CLOSES, "", "x"]).splitlines(keepends=True)
    stream.feed(b"".join(lines[:2]))
    assert stream.apart() is None
    stream.feed(b"".join(lines[2:200]))
    stretch = stretch_of(stream, b"".join(lines[200:]))
    assert stretch
    assert (stretch.lines, stretch.segments.rows) == (103, 103)
    assert stretch.repairs.in_words() == {
        "missing_closes": ["line 102"],
        "bad_rows": ["line 103: expected a decimal number in column 'close', found 'x'"],
    }


@pytest.mark.parametrize("lines", [b'17,"5"\n', b"17\n", b"17,x\n", b"17,5"], ids=["quote", "torn", "bad", "no end"])
def test_not_apart(lines: bytes) -> None:
    """A quote, an error and an unfinished line are left to the stream."""
    stream = SignalStream(Config())
    stream.feed(b"time,close\n17,5\n")
    assert stretch_of(stream, b"18,6\n")
    assert stretch_of(stream, b"18,6\n" + lines) is None


def test_not_yet() -> None:
    """Nothing is counted apart before the rows begin, within one, during the first look, or for any observer."""
    stream = SignalStream(Config())
    for piece, may in ((b"time,cl", False), (b"ose\n17,5\n", True), (b'18,"6', False), (b'"\n', True), (b"19,", False)):
        stream.feed(piece)
        assert bool(stream.apart()) == may
    looked = SignalStream(Config(), [TimeOrder(rows=FIRST_ROWS)])
    looked.feed(b"time,close\n17,5\n")
    assert looked.apart() is None
    looked.feed(b"".join(b"%d,5\n" % second for second in range(18, 10_018)))
    assert looked.apart()
    watched = SignalStream(Config(), [Observer()])
    watched.feed(b"time,close\n17,5\n")
    assert watched.apart() is None


def test_the_seam_between_two_inputs_is_seen() -> None:
    """The first look compares the next input with the last lines of a stretch."""
    stream = SignalStream(Config(), [order := TimeOrder(rows=FIRST_ROWS)])
    stream.feed(b"time,close\n" + b"".join(b"%d,5\n" % second for second in range(1000, 9000)))
    stream.feed(b"".join(b"%d,5\n" % second for second in range(9000, 9999)) * 3)
    lines = b"".join(b"%d,5\n" % second for second in (9999, 99999))
    stretch = stretch_of(stream, lines)
    assert stretch
    stream.add(stretch, lines)
    stream.end_input()
    stream.feed(b"99998,5\n")
    assert order.last == b"99998"
    assert str(order.first["backwards"]).endswith("'9000' after '9998'")
    assert order.counts["backwards"] == 3


def test_a_stretch_elsewhere_is_refused() -> None:
    """A stretch of a file with another header, or in the middle of a row, is not added."""
    stream, other = SignalStream(Config()), SignalStream(Config())
    stream.feed(b"time,close\n17,5\n")
    other.feed(b"close,time\n5,17\n")
    stretch = stretch_of(stream, b"18,5\n")
    assert stretch
    with pytest.raises(ValueError, match="does not begin where this stream is"):
        other.add(stretch, b"18,5\n")
    stream.feed(b"18")
    with pytest.raises(ValueError, match="does not begin where this stream is"):
        stream.add(stretch, b"18,5\n")
    assert stream.rows == 1


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({}, "{at},A,{at}.5\n"),
        ({"windows": (7, 9)}, "{at},A,{at}.5\n"),
        ({"key": "symbol"}, "{at},K{key},{at}.5\n"),
        ({"key": "symbol", "windows": (7, 9)}, "{at},K{key},{at}.5\n"),
        ({"key": "none", "bad_rows": "missing"}, "{at},A,{at}e0\n"),
        ({}, '"{at}",A,{at}\n'),
        ({}, "{at},K{key},1\n"),
    ],
)
def test_what_counted_it_is_gone_at_once(settings: dict[str, Any], line: str) -> None:
    """Whatever comes of a stretch, nothing waits for the garbage collector, which knows nothing of large arrays."""
    observers = [] if "key" in settings else [TimeOrder()]
    stream = SignalStream(Config(**settings), observers)
    times = [1_700_000_000 + 60 * at for at in range(9000)]
    stream.feed(b"time,symbol,close\n" + b"".join(b"%d,A,1\n" % time for time in times[:1000]))
    apart = stream.apart()
    lines = "".join(line.format(at=time, key=time % 7) for time in times[1000:]).encode()
    assert apart
    gc.collect()
    gc.disable()
    try:
        for _ in range(2):  # what is imported the first time may leave something behind
            gc.collect()
            with suppress(NotApart):
                SignalStream.count_apart(apart, [lines])
        found = gc.collect()
    finally:
        gc.enable()
    assert found == 0
