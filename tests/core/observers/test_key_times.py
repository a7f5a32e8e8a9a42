"""KeyTimes: the timestamps of each key are compared as if it were alone, and what is found is one sum."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream, TimeOrder
from stream_signal.core.doubts import doubts_of
from stream_signal.core.observers import key_times
from stream_signal.core.observers.key_times import KeyTimes
from support.streams import moved

if TYPE_CHECKING:
    from collections.abc import Sequence

Rows = list[tuple[str, str]]
TIMES = st.sampled_from(["60", "120", "180", "180", "240", "300", "", "noon", "2024-03-04", "03/04/2024", "13/04/2024"])
MARKETS = st.lists(st.tuples(st.sampled_from("ABC"), TIMES), max_size=60)


def market(rows: Sequence[tuple[str, str]]) -> bytes:
    """Make a file with those keys and times."""
    return b"symbol,time,close\n" + "".join(f"{key},{time},1\n" for key, time in rows).encode()


def seen(rows: Sequence[tuple[str, str]], times: KeyTimes) -> KeyTimes:
    """Show rows to an observer."""
    SignalStream(Config(key="symbol"), [times]).feed(market(rows))
    return times


@given(MARKETS, st.integers(1, 60))
def test_each_key_alone(rows: Rows, batch: int) -> None:
    """The counts and pairs are the sums of those of each key alone, and the first is the first of all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(key_times, "_BATCH_ROWS", batch)
        times = seen(rows, KeyTimes())
        counts: dict[str, int] = {}
        firsts: dict[str, int] = {}
        pairs = steps = 0
        for key in {key for key, _ in rows}:
            alone, numbers = TimeOrder(), []
            for number, (own, time) in enumerate(rows, start=1):
                if own == key:
                    numbers.append(number)
                    alone.take([time.encode()], len(numbers))
            for kind, count in alone.counts.items():
                counts[kind] = counts.get(kind, 0) + count
                row = numbers[alone.first[kind].row - 1]
                firsts[kind] = min(row, firsts.get(kind, row))
            pairs, steps = pairs + alone.pairs, steps + alone.steps.count
        assert (times.counts, times.pairs, times.steps.count) == (counts, pairs, steps)
        assert {kind: found.step.row for kind, found in times.first.items()} == firsts


@given(MARKETS, st.integers(0, 800))
def test_stopped_anywhere(rows: Rows, stop: int) -> None:
    """A stream that resumes finds what one without the stop does, for all rows and for the first ones."""
    config, data = Config(key="symbol"), market(rows)
    for limit in (None, 5, 1000):

        def make(limit: int | None = limit) -> dict[str, object]:
            return {"observers": [KeyTimes()]} if limit is None else {"look": KeyTimes(None, limit)}

        found = []
        for stopped in (True, False):
            options = make()
            stream = SignalStream(config, **options)  # type: ignore[arg-type]
            at = 0
            if stopped:
                stream.feed(data[:stop])
                options = make()
                stream, at = moved(stream, config, **options)
            stream.feed(data[at:])
            stream.end_input()
            stream.feed(market(rows[:3]))
            stream.end_input()
            times = next(iter(options.values()))
            times = times[0] if isinstance(times, list) else times
            assert isinstance(times, KeyTimes)
            found.append((times.counts, {kind: str(step) for kind, step in times.first.items()}, times.pairs))
        assert found[0] == found[1]


def test_interleaved_times_are_no_doubt() -> None:
    """Symbols with the same timestamps are in order; one that has a timestamp twice is one doubt, with its key."""
    rows = [(key, str(minute)) for minute in range(60, 6000, 60) for key in "ABC"]
    for look in (KeyTimes(), KeyTimes(None, 1000)):
        stream = SignalStream(Config(key="symbol"), look=look)
        stream.feed(market(rows))
        assert look.is_in_order
        assert not doubts_of(stream, look)
    times = KeyTimes()
    stream = SignalStream(Config(key="symbol"), [times])
    stream.feed(market([*rows, ("B", "5940"), ("C", "5000"), ("B", "5940")]))
    assert [doubt.text for doubt in doubts_of(stream, times)] == [
        (
            "out of order: 1 of 297 (0.337 %) timestamps are earlier than the one before; first: 'C', row 299: '5000' "
            "after '5940'; sort the rows, or name the files in the order of time"
        ),
        (
            "the same timestamp twice: 2 of 297 (0.673 %) equal the one before it; "
            "first: 'B', row 298: '5940' after '5940'"
        ),
    ]


def test_gaps_of_each_key() -> None:
    """A step is long beside the usual one of its own key: days beside minutes are no gaps."""
    rows = [(key, str(step * at)) for at in range(1, 300) for key, step in (("A", 60), ("B", 86400))]
    assert seen(rows, KeyTimes()).is_in_order
    gaps = seen([(key, str(int(time) + (int(time) // 600) * 1200)) for key, time in rows], KeyTimes())
    assert (gaps.steps.usual, gaps.is_in_order) == (60 * 10**9, False)


def test_the_seam_of_two_inputs() -> None:
    """The first rows of an input are compared with the last ones of the input before, for the keys that stand there."""
    early, late = [("A", str(at)) for at in range(60, 9000, 60)], [("A", str(at)) for at in range(9000, 18000, 60)]
    for files, counts in (([early, late], {}), ([late, early], {"backwards": 1})):
        look = KeyTimes(None, 10)
        stream = SignalStream(Config(key="symbol"), look=look)
        for rows in files:
            stream.feed(market(rows))
            stream.end_input()
        assert look.counts == counts


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The timestamps of later keys than so many are not compared."""
    monkeypatch.setattr(key_times, "MOST_KEYS", 2)
    assert seen([("A", "60"), ("B", "60"), ("C", "60"), ("C", "60"), ("A", "60")], KeyTimes()).counts == {"repeated": 1}


@pytest.mark.parametrize("saved", [None, [], {}, {"last": "", "left": -1, "tail": "", "keys": []}, {"last": 1}])
def test_a_snapshot_that_cannot_be(saved: object) -> None:
    """What is no snapshot is refused."""
    with pytest.raises(ValueError, match="expected"):
        KeyTimes().restore(saved)
    times = seen([("A", "60"), ("A", "60")], KeyTimes())
    again = KeyTimes()
    again.restore(json.loads(json.dumps(times.snapshot())))
    assert again.counts == times.counts
