"""Overview: the small picture is exact, the same from both engines and for every cut, and loses no spike."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal import Config, DataError, SignalStream
from stream_signal.core.observers.flats import LEAST_FLAT, Flat
from stream_signal.core.observers.overview import Overview
from support.candle_csv import FIRST_TIMESTAMP, candle_csv
from support.streams import BY_ROWS, by_blocks, moved

if TYPE_CHECKING:
    from collections.abc import Callable

WALK = [f"{4000 + random.Random(7).randrange(-300, 300) * at % 611 / 100:.2f}" for at in range(5000)]
FLAT = ["1"] * 40 + ["2"] * 31 + ["3"] * 32 + ["", "3"] + ["4"] * 100 + ["4.0"] * 5 + ["5"] * 33


def shown(overview: Overview) -> dict[str, Any]:
    """Return all that a page shows."""
    flats = overview.flats, overview.flat_stretches, overview.flat_rows
    return {"step": overview.picture.step, "rows": overview.rows_seen, "columns": overview.columns(), "flats": flats}


def overview_of(pieces: list[bytes], engine: dict[str, Any] | None = None, most: int = 16, **options: Any) -> Overview:
    """Feed the pieces, up to an error if there is one."""
    config = Config(**{"window": 3, **options})
    overview = Overview(most=most, keyed=config.is_keyed, windows=1 + len(config.windows))
    stream = SignalStream(config, [overview], **engine or {})
    with suppress(DataError):
        for piece in pieces:
            stream.feed(piece)
        stream.end_input()
    return overview


def expected(closes: list[str], places: list[int], most: int = 16) -> dict[str, list[Any]]:
    """Compute the columns from the closes and the places of the rows alone, each bucket on its own, in fractions."""
    values = [Fraction(close) if close else None for close in closes]
    means: list[Fraction | None] = []
    for at in range(len(values)):
        last = [value for value in values[max(0, at - 2) : at + 1] if value is not None]
        means.append(sum(last, Fraction()) / 3 if len(last) == 3 else None)
    above = [mean is not None and value is not None and value > mean for value, mean in zip(values, means, strict=True)]
    level = 0
    while len({place >> level for place in places}) > most:
        level += 1
    buckets = [
        [at for at, place in enumerate(places) if place >> level == number]
        for number in sorted({place >> level for place in places})
    ]
    found = [[value for at in bucket if (value := values[at]) is not None] for bucket in buckets]
    return {
        "place": [min(places[at] for at in bucket) for bucket in buckets],
        "row": [bucket[0] + 1 for bucket in buckets],
        "end": [bucket[-1] + 1 for bucket in buckets],
        "rows": list(map(len, buckets)),
        "missing": [len(bucket) - len(each) for bucket, each in zip(buckets, found, strict=True)],
        "signals": [[sum(above[at] for at in bucket) for bucket in buckets]],
        "first": [each[0] if each else None for each in found],
        "last": [each[-1] if each else None for each in found],
        "low": [min(each, default=None) for each in found],
        "high": [max(each, default=None) for each in found],
        "means": [[None if (mean := means[bucket[-1]]) is None else float(mean) for bucket in buckets]],
    }


def exact(overview: Overview) -> dict[str, Any]:
    """Return the columns with the closes as fractions."""
    columns = overview.columns()
    for name in ("first", "last", "low", "high"):
        columns[name] = [None if close is None else Fraction(close) for close in columns[name]]
    return columns


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(4096), by_blocks(100_000)], ids=str)
@pytest.mark.parametrize("closes", [WALK[:16], WALK[:17], WALK, FLAT, ["", "1", "", ""] * 50], ids=len)
def test_exact(closes: list[str], engine: dict[str, Any]) -> None:
    """Each bucket has the exact closes, mean and signals of its rows, computed from the text in fractions."""
    overview = overview_of([("n,close\n" + "".join(f"x,{close}\n" for close in closes)).encode()], engine)
    wanted = expected(closes, list(range(len(closes)))) | {"time": [""] * len(overview.columns()["row"])}
    del wanted["place"]
    assert (overview.picture.is_timed, exact(overview)) == (False, wanted)


DAY = 86_400
FORMS: dict[str, Callable[[int], str]] = {
    "seconds": str,
    "ISO": lambda second: datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "German": lambda second: datetime.fromtimestamp(second, UTC).strftime("%d.%m.%Y %H:%M:%S"),
}


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(4096), by_blocks(100_000)], ids=str)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["minutes", "gaps", "any order", "some without a time"])
def test_buckets_of_time(kind: str, form: str, engine: dict[str, Any]) -> None:
    """A bucket has the rows of a day halved or doubled; the fewest doublings that leave no more than 16 are taken."""
    drawn = random.Random(11)
    seconds = [FIRST_TIMESTAMP + 60 * at for at in range(3000)]
    if kind == "gaps":
        seconds = [
            second + 5 * DAY * (second // 9000 % 7) + 90 * DAY * (at > 2000) for at, second in enumerate(seconds)
        ]
    elif kind == "any order":
        drawn.shuffle(seconds)
    texts = list(map(FORMS[form], seconds))
    if kind == "some without a time":
        for at in range(1, 3000, 7):
            texts[at], seconds[at] = drawn.choice(["", "soon", "-"]), seconds[at - 1]
    lines = [f"{text},{close}\n" for text, close in zip(texts, WALK, strict=False)]
    overview = overview_of([("time,close\n" + "".join(lines)).encode()], engine)
    places = [(second << 32) // DAY for second in seconds]
    wanted = expected(WALK[:3000], places)
    wanted["time"] = [texts[row - 1] for row in wanted["row"]]
    in_milliseconds = {place: 1000 * second for place, second in zip(places, seconds, strict=True)}
    wanted["start"] = [in_milliseconds[place] for place in wanted["place"]]
    del wanted["place"]
    assert (overview.picture.is_timed, exact(overview)) == (True, wanted)


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(4096), by_blocks(100_000)], ids=str)
@pytest.mark.parametrize("at", [0, 1, 1234, 2500, 4999])
def test_a_spike_is_never_lost(at: int, engine: dict[str, Any]) -> None:
    """One row far above the others, and one far below, are in the picture of any stream."""
    closes = list(WALK)
    closes[at], closes[at - 7] = "99999.125", "-7.5"
    columns = overview_of([candle_csv(closes)], engine).columns()
    assert max(map(Decimal, columns["high"])) == Decimal("99999.125")
    assert min(map(Decimal, columns["low"])) == Decimal("-7.5")


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(300), by_blocks(4096), by_blocks(100_000)], ids=str)
@pytest.mark.parametrize("before", [[], WALK[:300]], ids=["first", "later"])
def test_flat_stretches(before: list[str], engine: dict[str, Any]) -> None:
    """Runs of equal closes are found, longest first, and a missing close ends one."""
    overview = overview_of([candle_csv(before + FLAT)], engine)
    number = len(before)
    assert overview.flats == [
        Flat(number + at + 1, rows, close, str(FIRST_TIMESTAMP + 60 * (number + at)))
        for at, rows, close in ((105, 105, "4"), (0, 40, "1"), (210, 33, "5"), (71, 32, "3"))
    ]
    assert (overview.flat_stretches, overview.flat_rows) == (4, 210)


@pytest.mark.parametrize("rows", [LEAST_FLAT - 1, LEAST_FLAT, LEAST_FLAT + 1])
def test_a_flat_stretch_anywhere(rows: int) -> None:
    """A stretch is found wherever it begins, so also between two samples of the block engine, and over two blocks."""
    for at in range(40):
        closes = [str(number) for number in range(500)]
        closes[250 + at : 250 + at] = ["7.5"] * rows
        for engine in (by_blocks(100_000), by_blocks(9000)):
            assert [flat.rows for flat in overview_of([candle_csv(closes)], engine).flats] == [rows] * (rows > 31)


def test_keys() -> None:
    """With keys, there are rates and no prices, the same from both engines."""
    lines = [f"{name},{60 * at},{price}\n" for at, price in enumerate(WALK[:3000]) for name in ("BTC", "ETH")]
    data = ("symbol,time,close\n" + "".join(lines)).encode()
    by_row = overview_of([data], BY_ROWS, key="symbol")
    found = overview_of([data], by_blocks(4096), key="symbol")
    assert shown(found) == shown(by_row)
    assert list(found.columns()) == ["row", "end", "time", "rows", "missing", "signals", "start"]
    stream = SignalStream(Config(window=3, key="symbol"))
    stream.feed(data)
    assert sum(found.columns()["signals"][0]) == stream.signals


def test_resumed_without_it() -> None:
    """An overview that begins in the middle of a stream says at which row."""
    data, config = candle_csv(WALK[:100]), Config(window=3)
    stopped = SignalStream(config)
    stopped.feed(data[:2000])
    overview = Overview()
    resumed, offset = moved(stopped, config, observers=[overview])
    assert resumed.rows > 0
    resumed.feed(data[offset:])
    assert overview.first == stopped.rows + 1
    assert overview.columns()["row"][0] == stopped.rows + 1


def test_memory_does_not_grow_with_the_rows() -> None:
    """Ten times as many rows are kept in as many buckets."""
    overview = Overview()
    stream = SignalStream(Config(), [overview])
    found = []
    for _ in range(10):
        stream.feed(candle_csv(WALK, header=stream.rows == 0))
        found.append(len(json.dumps(overview.snapshot())))
        assert len(overview.columns()["row"]) <= 2048
    assert found[-1] < 1.5 * found[0]


def damages() -> list[Any]:
    """Make snapshots of which one part is of another kind."""
    whole = overview_of([candle_csv(FLAT)]).snapshot()
    wrongs: tuple[Any, ...] = (None, -1, 1.5, "x", [], {}, [[]], [None], 3, [[1, 2, 3, 4]], 2**60)
    found = [whole | {key: wrong} for key in whole for wrong in wrongs]
    for at in range(9):
        for wrong in wrongs:
            buckets = json.loads(json.dumps(whole["buckets"]))
            buckets[1][at] = wrong
            found.append(whole | {"buckets": buckets})
    return [None, [], "x", *found]


def test_a_damaged_snapshot() -> None:
    """What a checkpoint says of the picture is checked: it is refused by ValueError, or it is harmless."""
    for damaged in damages():
        overview = Overview(most=16)
        with suppress(ValueError):
            overview.restore(damaged)
            json.dumps(shown(overview))


def test_the_snapshot_of_0_2_0() -> None:
    """Buckets of rows that a checkpoint of before has are gone on with, in rows."""
    bucket = ["60", 2, 1, [459, 459, 459, 459], [None], [0]]
    saved = {"first": 1, "size": 2, "places": 2, "buckets": [bucket], "run": None, "flats": [], "flat": [0, 0]}
    overview = Overview(most=16)
    overview.restore(saved)
    config = Config(window=1)
    stream = SignalStream(config, [overview])
    stream.feed(b"time,close\n180,4.6\n240,4.5\n")
    assert not overview.picture.is_timed
    columns = overview.columns()
    assert (columns["row"], columns["first"], columns["last"]) == ([1, 3], ["4.59", "4.6"], ["4.59", "4.5"])
