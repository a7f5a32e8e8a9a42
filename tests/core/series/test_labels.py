"""What a row says about its series is bounded, by itself and with all others: the same in both engines."""

from __future__ import annotations

import tracemalloc
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal import Config, DataError, SignalStream, State
from stream_signal.core.config import BY_NAME
from stream_signal.core.limits import MOST_KEY_BYTES, MOST_KEYS_BYTES, Tuning
from stream_signal.core.series.grouping import KeyColumn
from stream_signal.core.series.keys import Keys
from stream_signal.core.series.panel import Panel
from stream_signal.core.series.segment import Segments
from support.streams import moved, stretch_of

if TYPE_CHECKING:
    from stream_signal.core.limits import Engine

ENGINES: tuple[Engine, ...] = ("rows", "blocks")
LONGEST = b"K" * MOST_KEY_BYTES
MOST = MOST_KEYS_BYTES // MOST_KEY_BYTES
KEYS = [b"%02d" % number for number in range(50)]


def long_key(number: int) -> bytes:
    """Make a key of the greatest length."""
    return b"%0*d" % (MOST_KEY_BYTES, number)


def full(count: int) -> bytes:
    """Make a file with a row for each of so many keys of the greatest length."""
    return b"symbol,close\n" + b"".join(long_key(number) + b",1\n" for number in range(count))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", [b"%b,2\n", b"%b  ,2\n", b'"%b",2\n', b"%b,x\n"])
def test_a_long_key(engine: Engine, row: bytes) -> None:
    """A key of the greatest length is taken, however it is written; one byte more makes a bad row, with its line."""
    head, rest = b"symbol,close\nA,1\n" + row.replace(b"x", b"") % LONGEST, b"A,3\n" * 99
    stream = SignalStream(Config(key="symbol", window=2), tuning=Tuning(engine))
    stream.feed(head + rest)
    assert stream.by_key
    assert [(len(key), counts.rows) for key, counts in stream.by_key.items()] == [(1, 100), (MOST_KEY_BYTES, 1)]
    stream = SignalStream(Config(key="symbol", window=2, bad_rows="missing"), tuning=Tuning(engine))
    stream.feed(head + row % (LONGEST + b"K") + rest)
    assert (stream.keys, stream.rows, stream.repairs.counts["bad_rows"]) == (2, 102, 1)
    with pytest.raises(DataError) as failure:
        SignalStream(Config(key="symbol"), tuning=Tuning(engine)).feed(
            head + row.replace(b"x", b"5") % (LONGEST + b"K") + rest
        )
    found = f"{MOST_KEY_BYTES + 1} bytes, '{'K' * 60}...'"
    assert str(failure.value) == f"line 4: expected a symbol of at most {MOST_KEY_BYTES} bytes, found {found}"


@pytest.mark.parametrize(("engine", "odd"), [*product(ENGINES, [b"", b"B,1e0\n"])])
def test_keys_that_are_long_together(engine: Engine, odd: bytes) -> None:
    """What all keys hold is bounded: the row that brings one byte too many is refused, with its line."""
    stream = SignalStream(Config(key="symbol"), tuning=Tuning(engine))
    stream.feed(full(MOST - 1))
    assert stream.rows == MOST - 1
    with pytest.raises(DataError) as failure:
        stream.feed(b"A,1\n" + odd + long_key(MOST) + b",1\n" + b"A,1\n" * 99)
    line, key = MOST + 2 + bool(odd), f"'{'0' * 60}...'"
    wanted = f"line {line}: expected keys of at most {MOST_KEYS_BYTES} bytes together, found one more, {key}"
    assert (str(failure.value), stream.rows) == (wanted, line - 2)


def test_keys_that_are_long_together_apart() -> None:
    """Lines that were counted apart do not fit if their keys bring too many bytes."""
    stream = SignalStream(Config(key="symbol", max_keys=10))
    stream.feed(b"symbol,close\nA,1\n")
    stretch = stretch_of(stream, LONGEST + b",1\n")
    assert stretch
    assert stream.fits(stretch)
    assert isinstance(stretch.segments, Segments)
    (own,) = stretch.segments.series.values()
    named = {long_key(number): own for number in range(MOST)}
    keys = Keys(most=100_000)
    keys.number(b"A")
    panel = Panel(KeyColumn(keys, "symbol"), [5])
    assert not panel.fits(stretch.segments._replace(series=named))
    del named[long_key(0)]
    assert panel.fits(stretch.segments._replace(series=named))
    assert stretch_of(stream, LONGEST + b"K,1\n") is None


@pytest.mark.parametrize("engine", ENGINES)
def test_a_long_name(engine: Engine) -> None:
    """So is a key that is found in the name of an input, as that of a member of a zip file may be very long."""
    for bad_rows in ("error", "missing"):
        config = Config(key=BY_NAME, key_pattern="{key}.csv", bad_rows=bad_rows)
        for more, wanted in (("", None), ("K", f"line 2: expected a symbol of at most {MOST_KEY_BYTES} bytes, ")):
            stream, error = SignalStream(config, tuning=Tuning(engine)), None
            stream.begin_input(path=LONGEST.decode() + more + ".csv")
            try:
                stream.feed(b"close\n" + b"1\n" * 99)
            except DataError as failure:
                error = str(failure).partition("found")[0]
            assert (error, stream.rows) == (wanted, 0 if wanted else 99)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_long_symbol(engine: Engine) -> None:
    """So is the one symbol of a stream without keys; nobody looks at it if that is said."""
    rows = b"%b,1\n" * 99
    for symbol, wanted in ((LONGEST, 99), (LONGEST + b"K", 0)):
        stream, error = SignalStream(Config(), tuning=Tuning(engine)), None
        try:
            stream.feed(b"symbol,close\n" + rows % ((symbol,) * 99))
        except DataError as failure:
            error = str(failure).partition(", found")[0], failure.clue
        assert stream.rows == wanted
        expected = f"line 2: expected a symbol of at most {MOST_KEY_BYTES} bytes"
        assert error == (None if wanted else (expected, ("symbols", {"column": None})))
        unseen = SignalStream(Config(key="none"), tuning=Tuning(engine))
        unseen.feed(b"symbol,close\n" + rows % ((symbol,) * 99))
        assert unseen.rows == 99


def test_saved_keys() -> None:
    """A state with keys, or with a symbol, that no stream takes is damaged; one with the most of them is not."""
    config = Config(key="symbol")
    stream = SignalStream(config)
    stream.feed(full(MOST))
    resumed, _ = moved(stream, config)
    with pytest.raises(DataError, match="bytes together, found one more, 'A'"):
        resumed.feed(b"A,1\n")
    keyed = stream.state().as_json()
    plain = SignalStream()
    plain.feed(b"symbol,close\nA,1\n")
    entry: list[Any] = [[1, 0, 0, [1], 0]]
    for saved, reason in (
        (
            keyed | {"rows": keyed["rows"] + 1, "series": keyed["series"] | {"A": entry}},
            "keys that are too long together",
        ),
        (keyed | {"rows": 1, "series": {"K" * (MOST_KEY_BYTES + 1): entry}}, "a symbol that is too long"),
        (plain.state().as_json() | {"symbols": ["K" * (MOST_KEY_BYTES + 1)]}, "a symbol that is too long"),
    ):
        with pytest.raises(ValueError, match=reason):
            State.from_json(saved, config.window)


def test_many_spellings() -> None:
    """However many ways there are to write a key, it is one, and the memory does not grow with them."""
    ways = [b"%*s%*s,1\n" % (width, key, spaces, b"") for width in range(2, 27) for spaces in range(20) for key in KEYS]
    answers = []
    stream = SignalStream(Config(key="symbol"), tuning=Tuning("blocks"))
    stream.feed(b"symbol,close\n" + b"".join(ways[:2000]))  # all is imported before memory is looked at
    tracemalloc.start()
    for engine in ENGINES:
        before, _ = tracemalloc.get_traced_memory()
        stream = SignalStream(Config(key="symbol"), tuning=Tuning(engine, block_bytes=64 * 1024))
        stream.feed(b"symbol,close\n")
        for at in range(0, len(ways), 2000):
            stream.feed(b"".join(ways[at : at + 2000]))
        held, _ = tracemalloc.get_traced_memory()
        assert held - before < 6 * 1024 * 1024
        answers.append((stream.counts, stream.by_key))
    tracemalloc.stop()
    assert answers[0] == answers[1]
