"""`signals` beside the libraries that compute on arrays: speed, and how many rows each gets wrong.

Run: make bench-arrays   (in small: python benchmarks/arrays.py --rows 100_000 --runs 3 --print); `make bench-peers`
     runs it too, after peers.py

All work on the same closes in the memory of one process, each in the form that its users have them in: an array, a
Series, a table. They take turns, round after round, and a ratio is the median of the ratios within a round, so that
what slows down a round slows down both sides of it. The closes are made from integers, of which `truth.py` computes the
signals, so that no float takes part in the answer.
"""

from __future__ import annotations

import argparse
import sys
import time
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from machine import described, versions
from report import invocation, number, publish, table
from tracking import BUSY_RATIO, fixed_loop, waited
from truth import signals_of

from stream_signal import signals

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    # Takes the closes in the form that its users have; what it returns is timed: a window in, the signals out.
    Program = Callable[[NDArray[Any]], Callable[[int], Any]]

README = Path(__file__).resolve().parent / "README.md"
SEED = 42
WINDOW = 5
BUSY_LOOPS = 20
FLAT_MINUTES = 10
SLOW_SHARE = 20  # what is read as text is measured on so many times fewer closes


class Closes(NamedTuple):
    """Closes, and where their signals come from."""

    values: NDArray[Any]
    ticks: NDArray[np.int64]
    missing: NDArray[np.bool_]

    def wrong(self, found: Any, window: int) -> int:
        """Count the rows whose signal is not the exact one."""
        return int(np.count_nonzero(np.asarray(found, np.bool_) != signals_of(self.ticks, self.missing, window)))


class Turns(NamedTuple):
    """What the programs took for the same closes, in seconds, round by round, and how many rows each got wrong."""

    walls: dict[str, list[float]]
    wrong: dict[str, int]

    def nanoseconds(self, name: str, rows: int) -> str:
        """Write the median, for one close."""
        return number(median(self.walls[name]) / rows * 1e9)

    def ratio(self, name: str) -> str:
        """Write how many times as long as ours it took: the median over the rounds."""
        ours = self.walls["stream-signal, signals"]
        return number(median(theirs / our for theirs, our in zip(self.walls[name], ours, strict=True)))


def programs(kind: str) -> dict[str, Program]:
    """List what can run here for that type of array; ours comes first."""
    found: dict[str, Program] = {
        "stream-signal, signals": lambda values: lambda window: signals(values, window),
        "stream-signal, with means": lambda values: lambda window: signals(values, window, means=True)[0],
    }
    makers = {"polars": _polars, "pandas": _pandas, "duckdb": _duckdb}
    if kind == "float64":
        makers |= {"talib": _talib}
    names = {"polars": "polars, rolling_mean", "pandas": "pandas, rolling"}
    names |= {"duckdb": "DuckDB, avg", "talib": "TA-Lib, SMA"}
    found |= {names[package]: maker for package, maker in makers.items() if find_spec(package)}
    return found | {"NumPy, cumsum": _cumsum}


def main() -> None:
    """Measure, and write the tables."""
    options = _options()
    loops = [fixed_loop() for _ in range(BUSY_LOOPS)]
    walk = walk_of(options.rows)
    turns = take_turns(walk, WINDOW, options.runs, programs("float64"))
    flat = take_turns(flat_of(walk), WINDOW, 1, programs("float64"))
    rows = []
    for name in turns.walls:
        span = " to ".join(number(wall(turns.walls[name]) / options.rows * 1e9) for wall in (min, max))
        cells = [turns.nanoseconds(name, options.rows), span, turns.ratio(name)]
        rows.append([name, *cells, f"{turns.wrong[name]:,}", f"{flat.wrong[name]:,}"])
    head = ["program", "ns a close", "fastest to slowest", "times ours", "wrong, random walk", "wrong, flat minutes"]
    kinds = kinds_table(walk, options.runs)
    loops += [fixed_loop() for _ in range(BUSY_LOOPS)]
    busy = " The machine was busy: these times are not to be quoted." * (waited(loops) > BUSY_RATIO)
    said = f"`{invocation()}`: {options.rows:,} float64 closes of two decimals, window {WINDOW}, "
    said += f"median of {options.runs}.\n"
    said += f"{described()}; {', '.join(f'{name} {version}' for name, version in versions().items())}.{busy}"
    text = "\n\n".join([said, table(head, rows), "Other closes and windows:", kinds])
    publish("arrays", text, options.output, only_print=options.print)


def kinds_table(walk: Closes, runs: int) -> str:
    """Measure closes of other kinds, by ours, and by polars and pandas where they are."""
    rows = []
    for title, closes, window in kinds_of(walk):
        shown = ("stream-signal", "polars", "pandas")
        found = {name: made for name, made in programs("").items() if name.startswith(shown)}
        turns = take_turns(closes, window, runs, found)
        ours, with_means, *others = turns.walls
        count = len(closes.values)
        cells = [str(window), turns.nanoseconds(ours, count), turns.nanoseconds(with_means, count)]
        for other in others:
            cells += [turns.ratio(other), number(turns.wrong[other] / count * 100)]
        rows.append([title, *cells])
    head = ["closes", "window", "ns a close", "with means"]
    for other in others:
        name = other.partition(",")[0]
        head += [f"{name}, times ours", f"{name}, % wrong"]
    return table(head, rows)


def take_turns(closes: Closes, window: int, runs: int, found: dict[str, Program]) -> Turns:
    """Run every program once a round; exit if a signal of ours is wrong."""
    ready = {name: made(closes.values) for name, made in found.items()}
    wrong = {name: closes.wrong(run(window), window) for name, run in ready.items()}
    for name, count in wrong.items():
        if count and name.startswith("stream-signal"):
            sys.exit(f"{name}: {count} rows wrong")
    walls: dict[str, list[float]] = {name: [] for name in ready}
    for _ in range(runs):
        for name, run in ready.items():
            start = time.perf_counter()
            run(window)
            walls[name].append(time.perf_counter() - start)
    return Turns(walls, wrong)


def walk_of(rows: int) -> Closes:
    """Make a random walk in cents."""
    cents = 3_000_000 + np.cumsum(np.random.default_rng(SEED).integers(-9, 10, rows))
    return Closes(cents / 100, cents, np.zeros(rows, np.bool_))


def flat_of(closes: Closes) -> Closes:
    """Repeat each close for some minutes, as exchanges publish minutes without a trade."""
    first = np.arange(len(closes.values)) // FLAT_MINUTES
    return Closes(closes.values[first], closes.ticks[first], closes.missing)


def ticks_of_most(values: NDArray[np.float64], plain: Closes) -> NDArray[np.int64]:
    """Return ticks of 12 places: those of `plain` where the value is the same, of its text elsewhere."""
    ticks = plain.ticks * 10**10
    for at in np.flatnonzero(values != plain.values).tolist():
        ticks[at] = int(Decimal(repr(float(values[at]))).scaleb(12))
    return ticks


def kinds_of(walk: Closes) -> list[tuple[str, Closes, int]]:
    """List other closes, each with a title and a window."""
    rng = np.random.default_rng(SEED)
    count = len(walk.values)
    gaps = rng.random(count) < 0.001
    small = rng.integers(1, 10**8, count)
    long = 0.1 + 0.9 * rng.random(count // SLOW_SHARE)
    digits = np.array([int(Decimal(repr(value)).scaleb(17)) for value in long.tolist()])
    dirty = np.where(rng.random(count) < 0.001, np.nextafter(walk.values, np.inf), walk.values)
    return [
        ("two decimals", walk, 20),
        ("two decimals", walk, 200),
        (
            "a gap in a thousand",
            Closes(np.where(gaps, np.nan, walk.values), np.where(gaps, 0, walk.ticks), gaps),
            WINDOW,
        ),
        ("eight decimals", Closes(small / 10**8, small, walk.missing), WINDOW),
        ("float32", Closes((walk.ticks / 100).astype(np.float32), walk.ticks, walk.missing), WINDOW),
        ("int64, cents", Closes(walk.ticks, walk.ticks, walk.missing), WINDOW),
        ("one in a thousand has 17 digits", Closes(dirty, ticks_of_most(dirty, walk), walk.missing), WINDOW),
        ("all have 17 digits", Closes(long, digits, walk.missing[: len(long)]), WINDOW),
    ]


def _polars(values: NDArray[Any]) -> Callable[[int], Any]:
    import polars as pl

    closes = pl.Series(values)
    return lambda window: (closes > closes.rolling_mean(window)).fill_null(value=False)


def _pandas(values: NDArray[Any]) -> Callable[[int], Any]:
    import pandas as pd

    closes = pd.Series(values)
    return lambda window: closes > closes.rolling(window).mean()


def _talib(values: NDArray[Any]) -> Callable[[int], Any]:
    import talib

    return lambda window: values > talib.SMA(values, window)


def _duckdb(values: NDArray[Any]) -> Callable[[int], Any]:
    import duckdb

    connection = duckdb.connect()
    connection.register("candles", {"close": values})

    def run(window: int) -> Any:
        query = f"""SELECT coalesce(close > avg(close) OVER held AND count(*) OVER held = {window}, false) AS signal
                    FROM candles WINDOW held AS (ROWS {window - 1} PRECEDING)"""
        return connection.execute(query).fetchnumpy()["signal"]

    return run


def _cumsum(values: NDArray[Any]) -> Callable[[int], Any]:
    def run(window: int) -> Any:
        sums = np.cumsum(values)
        sums[window:] -= sums[:-window].copy()
        above = values > sums / window
        above[: window - 1] = False
        return above

    return run


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare signals() with other libraries on the same array.")
    parser.add_argument("--rows", type=int, default=10_000_000, help="closes (default: 10_000_000)")
    parser.add_argument("--runs", type=int, default=7, help="rounds, of which the median counts (default: 7)")
    parser.add_argument("--output", type=Path, default=README, help="document to write the tables into")
    parser.add_argument("--print", action="store_true", help="print the tables and write nothing")
    return parser.parse_known_args()[0]  # `make bench-peers` passes on what is meant for peers.py


if __name__ == "__main__":
    main()
