"""KeyCharts: the chart of a key is that of its rows alone, from both engines, and for every cut and stop."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, SignalStream, StreamSignalError
from stream_signal.core.limits import Tuning
from stream_signal.core.observers.key_charts import ALL_BUCKETS, MOST_CHARTS, KeyCharts
from stream_signal.core.observers.overview import Overview
from support.keyed_files import market
from support.strategies import closes, cuts
from support.streams import BY_ROWS, by_blocks

MARKETS = st.lists(st.tuples(st.sampled_from("ABCDE"), closes), max_size=120)


def shown(charts: KeyCharts) -> list[Any]:
    """Return all that a page shows."""
    return [(key, chart.columns()) for key, chart in charts]


def charts_of(pieces: list[bytes], engine: dict[str, Any], charts: KeyCharts | None = None, **options: Any) -> Any:
    """Feed the pieces, up to an error if there is one; return the charts."""
    charts = charts or KeyCharts(charts=3, most=8)
    stream = SignalStream(Config(**{"window": 3, "key": "symbol", **options}), [charts], **engine)
    with suppress(StreamSignalError):
        for piece in pieces:
            stream.feed(piece)
        stream.end_input()
    return shown(charts)


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(700), by_blocks(100_000)], ids=str)
@given(rows=MARKETS, windows=st.sampled_from([(), (5, 2)]), data=st.data())
def test_each_key_alone(
    engine: dict[str, Any], rows: list[tuple[str, str]], windows: tuple[int, ...], data: st.DataObject
) -> None:
    """The chart of each of the first keys equals the overview of its rows alone, for every cut."""
    alone = []
    for key in list(dict.fromkeys(key for key, _ in rows))[:3]:
        overview = Overview(most=8)
        stream = SignalStream(Config(window=3), [overview], tuning=Tuning("rows"))
        own = [f"{60 * at},{close}\n" for at, (other, close) in enumerate(rows) if other == key]
        stream.feed(("time,close\n" + "".join(own)).encode())
        alone.append((key, overview.columns()))
    assert charts_of(data.draw(cuts(market(rows))), engine, windows=windows) == alone


@pytest.mark.parametrize("engine", [BY_ROWS, by_blocks(100_000)], ids=str)
@pytest.mark.parametrize("keys", [1, 7, 50, 60])
def test_room(keys: int, engine: dict[str, Any]) -> None:
    """Few keys have fine charts, many coarser ones; only the first 50 have one, and all together are bounded."""
    drawn = random.Random(3)
    rows = [(f"S{at % keys:02}", f"{drawn.randrange(400_000) / 100:.2f}") for at in range(400 * keys)]
    found = charts_of([market(rows)], engine, KeyCharts())
    assert [key for key, _ in found] == [f"S{at:02}" for at in range(min(keys, MOST_CHARTS))]
    assert all((max(columns["rows"]) == 1) == (keys < 25) for _, columns in found)
    assert sum(len(columns["row"]) for _, columns in found) <= ALL_BUCKETS


def test_a_damaged_snapshot() -> None:
    """What a checkpoint says of the charts is checked: it is refused by ValueError, or it is harmless."""
    charts = KeyCharts()
    SignalStream(Config(key="symbol"), [charts]).feed(market([("A", "1"), ("B", "2"), ("A", "3")]))
    whole = charts.snapshot()
    wrongs: tuple[Any, ...] = (None, -1, 1.5, "x", [], {}, [[]], 50, 2**60)
    damaged: list[Any] = [*wrongs, *({"keys": whole["keys"], "line": wrong} for wrong in wrongs)]
    damaged += [whole | {"keys": keys} for keys in (*wrongs, whole["keys"] * 2)]
    for at in range(3):
        for wrong in wrongs:
            copy = json.loads(json.dumps(whole))
            copy["keys"][1][at] = wrong
            damaged.append(copy)
    for each in damaged:
        restored = KeyCharts()
        with suppress(ValueError):
            restored.restore(each)
            json.dumps(shown(restored))
