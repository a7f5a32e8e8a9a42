"""Law 3: the block engine and the row engine give one answer; the row engine is the reference."""

from __future__ import annotations

import random
import subprocess
import sys
from array import array
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.candle_csv import candle_csv, row
from support.cases import CASES, Case
from support.strategies import candle_files, windows
from support.streams import by_blocks, outcome

from stream_signal import RollingMean, SignalStream
from stream_signal.core.blocks.reader import BlockDecoder
from stream_signal.core.blocks.rolling import has_mean, push_closes
from stream_signal.core.rows.reader import RowReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.blocks.reader import Block
    from stream_signal.core.ticks import Close


@pytest.fixture(params=[64, 200, 1000, 64 * 1024])
def small_blocks(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Give everything to the block engine, in blocks of so many bytes."""
    return by_blocks(request.param)


def state(mean: RollingMean) -> tuple[list[int], int, int]:
    """Give the values held, oldest first, their sum and their scale."""
    return mean.held(), mean.total, mean.places


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases(case: Case, small_blocks: dict[str, Any]) -> None:
    """Every case of the table has its answer in the block engine too, whole and at random cuts."""
    for seed in range(5):
        rng = random.Random(seed)
        places = sorted(rng.randrange(len(case.data) + 1) for _ in range(seed))
        pieces = [case.data[start:end] for start, end in zip([0, *places], [*places, None], strict=True)]
        found = outcome(pieces, small_blocks, **case.settings)
        assert (found["error"] or (found["rows"], found["signals"])) == case.answer


@pytest.mark.parametrize("size", [200, 1000, 64 * 1024])
def test_small_files_reach_the_block_engine(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed over here does reach it: the tests of this page would pass without it, too."""
    decode, reached = BlockDecoder.decode, []

    def spy(self: BlockDecoder, piece: bytes, start: int, end: int) -> Block | None:
        block = decode(self, piece, start, end)
        reached.append(len(block.ticks) if block else 0)
        return block

    monkeypatch.setattr(BlockDecoder, "decode", spy)
    assert outcome([candle_csv(["4.58"] * 200)], by_blocks(size))["rows"] == 200
    assert sum(reached) > 50


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


@settings(max_examples=120, deadline=None)
@given(st.data(), candle_files(), windows, st.sampled_from(["error", "missing"]), st.integers(1, 6))
def test_one_answer(data: st.DataObject, text: bytes, window: int, bad_rows: str, column: int) -> None:
    """Over files that mix every kind of line, at any block size and any cut, all that can be known is the same."""
    settings_: dict[str, Any] = {"window": window, "bad_rows": bad_rows}
    if data.draw(st.booleans()):
        settings_["column"] = column
    wanted = outcome([text], **settings_)
    size = data.draw(st.sampled_from([50, 100, 333, 1000, 4096, 65536]))
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=3)))
    pieces = [text[start:end] for start, end in zip([0, *places], [*places, None], strict=True)]
    assert outcome(pieces, by_blocks(size), **settings_) == wanted


def closes_of(rng: random.Random, size: int, largest: int) -> Iterator[Close]:
    """Draw closes: mostly of two places, some missing, some of other places."""
    rate = rng.choice([0, 0.02, 0.3])
    for _ in range(size):
        value = rng.randint(-largest, largest)
        if rng.random() >= rate:
            yield value, 2
        else:
            yield rng.choice([None, (value, rng.randrange(5)), (value, 2)])


@settings(max_examples=150, deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.lists(st.integers(0, 60), min_size=1, max_size=6),
    windows,
    st.sampled_from([20, 10**6, 2**61, 2**63 - 1]),
)
def test_push_closes(rng: random.Random, sizes: list[int], window: int, largest: int) -> None:
    """Pushing blocks and single values by turns gives each sum, each signal and the mean of pushing one at a time."""
    reference, mean = RollingMean(window), RollingMean(window)
    for size in sizes:
        closes = list(closes_of(rng, size, largest))
        wanted = [(push_one(reference, close), exact(reference)) for close in closes]
        odd = {at: close for at, close in enumerate(closes) if not close or close[1] != 2 or rng.random() < 0.05}
        ticks = np.array([close[0] if close and at not in odd else 7 for at, close in enumerate(closes)], np.int64)
        pushed = push_closes(mean, ticks, 2 if len(odd) < len(closes) else 0, odd)
        if pushed is None:
            assert max(reference.largest, mean.largest, *(abs(close[0]) for close in closes if close)) * window > 2**40
            for close in closes:
                push_one(mean, close)
        else:
            full = has_mean(pushed, window)
            is_full = [True] * size if full is None else full.tolist()
            scale = window * 10**mean.places
            means = [
                Fraction(total, scale) if ready else None
                for total, ready in zip(pushed.sums.tolist(), is_full, strict=True)
            ]
            assert list(zip(pushed.above.tolist(), means, strict=True)) == wanted
            assert pushed.missing == [at for at, close in enumerate(closes) if close is None]
        assert state(mean) == state(reference)
        assert (mean.count, mean.ready) == (reference.count, reference.ready)


def push_one(mean: RollingMean, close: Close) -> bool:
    """Push a close by itself."""
    if close is None:
        mean.clear()
        return False
    return mean.push(*close)


def exact(mean: RollingMean) -> Fraction | None:
    """Give the mean as a fraction."""
    return Fraction(mean.total, mean.window * 10**mean.places) if mean.ready else None


def signals(mean: RollingMean, ticks: list[int], places: int = 0, odd: dict[int, Close] | None = None) -> int:
    """Push a block, in which every sum has to fit into int64; count the signals."""
    pushed = push_closes(mean, np.array(ticks, np.int64), places, odd or {})
    assert pushed is not None
    return int(pushed.above.sum())


def test_a_scale_beyond_int64() -> None:
    """One close with nineteen decimals, and zeros for ever after: nothing to scale, and nothing to fail."""
    odds: list[dict[int, Close]] = [{}, {1: (3, 20)}]
    for odd in odds:
        mean, reference = RollingMean(2), RollingMean(2)
        for pushed in (mean, reference):
            pushed.push(1, 19)
        assert signals(mean, [0, 0, 0], 0, odd) == (1 if odd else 0)
        for close in ((0, 0), odd.get(1, (0, 0)), (0, 0)):
            push_one(reference, close)
        assert state(mean) == state(reference)


def test_a_sum_that_wraps_on_its_way(recwarn: pytest.WarningsRecorder) -> None:
    """Sums that overflow on the way to one that fits are right, and no warning is given."""
    mean, largest = RollingMean(1), 2**63 - 1
    assert signals(mean, [-largest, largest, 1]) == 0
    assert signals(mean, [-largest, largest, 1]) == 0
    assert state(mean) == ([1], 1, 0)
    assert not recwarn.list


def test_interrupted_in_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an interruption that the command would have kept back, the counts are those of the rows before it."""
    counted = SignalStream(**by_blocks(64 * 1024))
    counted.feed(candle_csv(["1"] * 20 + [" 1"] + ["1"] * 20)[:-1])
    text = "".join(row(number, "1" if number != 10 else " 1") + "\n" for number in range(200)).encode()
    counted.feed(b"\n")
    before = counted.rows
    closes = RowReader.closes

    def interrupt(self: RowReader, data: bytes) -> Iterator[Close]:
        if b" 1" in data:
            raise KeyboardInterrupt
        return closes(self, data)

    monkeypatch.setattr(RowReader, "closes", interrupt)
    with pytest.raises(KeyboardInterrupt):
        counted.feed(text)
    assert before <= counted.rows <= before + 10


def test_a_ring_that_outgrew_int64_comes_back() -> None:
    """After a value too large for int64 has left the window, blocks are counted in int64 again."""
    mean = RollingMean(3)
    mean.push(10**30, 0)
    assert mean.largest == 10**30
    assert push_closes(mean, np.arange(100), 0) is None
    assert [mean.push(ticks, 0) for ticks in range(100)].count(True) == 98
    assert signals(mean, list(range(100, 200))) == 100
    assert state(mean) == ([197, 198, 199], 594, 0)
    assert isinstance(mean.ring, array)
