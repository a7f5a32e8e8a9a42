"""Segments of keys: rows that are counted apart are joined, key by key, to the answer of one pass."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, DataError, SignalStream
from stream_signal.core.limits import Tuning
from stream_signal.core.state import NotApart
from support.keyed_files import keyed_files
from support.streams import stretch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
    """Rows with a key, without a close or without a key are counted apart; grouped keys are not."""
    config = Config(key="symbol", bad_rows="missing", window=3)
    stream = SignalStream(config)
    stream.feed(b"symbol,close\nA,1\nB,2\n")
    stretch = counted_apart(stream, b"A,2\nA,\n,5\nC,4\nA,3\n")
    assert stretch
    assert list(stretch.segments.keys) == [b"A", b"C"]
    assert (stretch.segments.rows, stretch.segments.cleared) == (5, 1)
    grouped = SignalStream(Config(key="symbol", grouped=True))
    grouped.feed(b"symbol,close\nA,1\n")
    assert grouped.apart() is None


@pytest.mark.parametrize("most", [2, 3])
def test_one_key_too_many(most: int) -> None:
    """A stretch with more keys than the stream may have does not fit, so that the stream finds the line."""
    stream = SignalStream(Config(key="symbol", max_keys=most))
    stream.feed(b"symbol,close\nA,1\n")
    stretch = counted_apart(stream, b"B,1\nC,1\n")
    assert bool(stretch) == (most == 3)


def of_keys(keys: Iterable[int], closes: Callable[[int], str] = lambda at: f"{at % 7}.5") -> bytes:
    """Return a line for each of these keys."""
    return b"".join(f"{at},K{key},{closes(at)}\n".encode() for at, key in enumerate(keys))


def test_a_worker_goes_on_with_the_keys_that_it_knows() -> None:
    """Ranges that are counted one after another in one thread are those of one pass, also behind one that failed."""
    pieces = [
        of_keys([*range(900), *range(300)]),
        of_keys(range(899, -1, -2), lambda at: f"{at % 5}.25"),
        of_keys([950, 2, 950, 2, 901, *range(40)]) + b"7,K2," + b"8" * 17 + b".5\n",
        of_keys(range(2000)) + b'1,"K1",2.5\n',  # a quote may span lines
        of_keys([*range(1100), 5, 5, 5], lambda _: ""),
        of_keys([*range(1100), 5, 5, 5]),
    ]
    config = Config(key="symbol", window=3, windows=(2, 40), bad_rows="missing", max_bad=1)
    tuning = Tuning("blocks", block_bytes=4096)
    whole, parts = (SignalStream(config, tuning=tuning) for _ in range(2))
    for stream in (whole, parts):
        stream.feed(b"time,symbol,close\n" + of_keys([7, 3, 7]))
    scratch: dict[Any, Any] = {}
    apart = 0
    for piece in pieces:
        whole.feed(piece)
        settings = parts.apart()
        assert settings
        try:
            stretch = SignalStream.count_apart(settings, [piece[:5000], piece[5000:]], scratch=scratch)
        except NotApart:
            parts.feed(piece)
        else:
            parts.add(pickle.loads(pickle.dumps(stretch)), piece)
            apart += 1
        assert known(whole) == known(parts)
        assert list(whole.by_key or ()) == list(parts.by_key or ())
    assert apart == len(pieces) - 1
