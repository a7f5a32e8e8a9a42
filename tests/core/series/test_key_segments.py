"""Segments of keys: rows that are counted apart are joined, key by key, to the answer of one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream
from stream_signal.core.limits import MOST_JOINED_KEYS as MOST_KEYS
from stream_signal.core.limits import Tuning
from support.keyed_files import keyed_files
from support.streams import stretch_of

if TYPE_CHECKING:
    from stream_signal.core.series.segment import Segment
    from stream_signal.core.state import Stretch
    from support.keyed_files import KeyedFile


def counted_apart(stream: SignalStream, lines: bytes) -> Stretch | None:
    """Count lines as another process does; None if the stream has to read them, because of their keys too."""
    stretch = stretch_of(stream, lines)
    return stretch if stretch and stream.fits(stretch) else None


def known(stream: SignalStream) -> object:
    """Return all that is known of a stream."""
    own = stream.counts, stream.by_key, stream.by_window, stream.by_key_and_window, stream.rows_with_mean
    rings = {
        key: [[tick * 10**30 // 10**each.places for tick in each.tail] for each in windows]
        for key, windows in series_of(stream)
    }
    return own, rings, stream.repairs.counts, stream.repairs.first


def series_of(stream: SignalStream) -> list[tuple[bytes, list[Segment]]]:
    """Return the states of the series of each key; none after an error."""
    return [] if stream.closed else list(stream.state().panel.series.items())


@given(keyed_files(), st.lists(st.integers(1, 40), min_size=1, max_size=8), st.sampled_from([1, 32 * 1024]))
def test_a_stream_with_stretches(file: KeyedFile, sizes: list[int], least: int) -> None:
    """At each seam, a stream that adds stretches knows of each key what one that reads every line knows."""
    # By either engine, however short the blocks are.
    config, tuning = Config(**file.config), Tuning(backlog_bytes=least, least_block_bytes=least)
    whole, parts = (SignalStream(config, tuning=tuning) for _ in range(2))
    lines = file.data.splitlines(keepends=True)
    for size in sizes * 40:
        piece, lines = b"".join(lines[:size]), lines[size:]
        stretch = counted_apart(parts, piece)
        errors = []
        for stream in (whole, parts):
            try:
                if stretch and stream is parts:
                    parts.add(stretch, piece)
                else:
                    stream.feed(piece)
            except DataError as error:
                errors.append(str(error))
        assert len(errors) in {0, 2}
        assert len(set(errors)) < 2
        assert known(whole) == known(parts)
        if errors or not lines:
            break


def test_most_lines_are_counted_apart() -> None:
    """Rows with a key, without a close or without a key are counted apart; grouped keys, and too many, are not."""
    config = Config(key="symbol", bad_rows="missing", window=3)
    stream = SignalStream(config)
    stream.feed(b"symbol,close\nA,1\nB,2\n")
    stretch = counted_apart(stream, b"A,2\nA,\n,5\nC,4\nA,3\n")
    assert stretch
    assert list(stretch.segments.series) == [b"A", b"C"]
    assert (stretch.segments.rows, stretch.segments.cleared) == (5, 1)
    grouped = SignalStream(Config(key="symbol", grouped=True))
    grouped.feed(b"symbol,close\nA,1\n")
    assert grouped.apart() is None
    stream.feed(b"".join(b"K%d,1\n" % number for number in range(MOST_KEYS)))
    assert stream.apart() is None


@pytest.mark.parametrize("most", [2, 3])
def test_one_key_too_many(most: int) -> None:
    """A stretch with more keys than the stream may have does not fit, so that the stream finds the line."""
    stream = SignalStream(Config(key="symbol", max_keys=most))
    stream.feed(b"symbol,close\nA,1\n")
    stretch = counted_apart(stream, b"B,1\nC,1\n")
    assert bool(stretch) == (most == 3)
