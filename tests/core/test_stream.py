"""A stream between its pieces: what can be read, when it refuses to go on, and what it loads."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream
from support.candle_csv import candle_csv
from support.cases import DATA
from support.oracle import means, value_of
from support.strategies import close_lists, cuts, windows
from support.streams import BY_ROWS, by_blocks


def test_a_stream_that_failed_takes_no_more() -> None:
    """After an error the rest of the piece is lost, so the stream refuses to go on; so it does after its end."""
    stream = SignalStream()
    with pytest.raises(DataError):
        stream.feed(b"close\n1\nx\n2\n")
    assert (stream.rows, stream.signals) == (1, 0)
    with pytest.raises(ValueError, match="this stream has ended"):
        stream.feed(b"3\n")
    stream = SignalStream()
    stream.feed(DATA)
    stream.finish()
    for again in (stream.finish, lambda: stream.feed(b"1\n")):
        with pytest.raises(ValueError, match="this stream has ended"):
            again()


def test_counts_as_the_rows_come() -> None:
    """`rows`, `signals` and `value` are right after every piece, not only at the end."""
    stream = SignalStream(Config(window=2))
    assert (stream.rows, stream.signals, stream.value, stream.header) == (0, 0, None, None)
    seen = []
    for piece in (b"close\n1\n", b"2\n", b"3", b"\n1\n"):
        stream.feed(bytearray(piece))
        seen.append((stream.rows, stream.signals, stream.value))
    assert seen == [(1, 0, 0.0), (2, 1, 0.5), (2, 1, 0.5), (4, 2, 0.5)]


@given(close_lists, windows, st.sampled_from([BY_ROWS, by_blocks(64), by_blocks(65536)]), st.data())
def test_rows_with_a_mean(closes: list[str], window: int, engine: dict[str, Any], data: st.DataObject) -> None:
    """After every piece, `rows_with_mean` is the number of rows counted so far whose window is full."""
    stream, wanted = SignalStream(Config(window=window), **engine), means([value_of(close) for close in closes], window)
    assert (stream.window, stream.rows_with_mean) == (window, 0)
    for piece in data.draw(cuts(candle_csv(closes))):
        stream.feed(piece)
        assert stream.rows_with_mean == sum(mean is not None for mean in wanted[: stream.rows])


def test_who_loads_numpy() -> None:
    """A live stream waits for NumPy neither however long it is nor for a small backlog; a large one is worth it."""
    script = (
        "import sys; from stream_signal import SignalStream; stream = SignalStream(); stream.feed(b'close\\n')\n"
        "for number in range(2000): stream.feed(b'42004.66\\n' * (10_000 if number % 100 == 0 else 500))\n"
        "print('numpy' in sys.modules, stream.rows)\n"
        "for _ in range(50): stream.feed(b'42004.66\\n' * 10_000)\n"
        "print('numpy' in sys.modules, stream.rows)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False 1190000\nTrue 1690000\n"
