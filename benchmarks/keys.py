"""Many symbols in one file, and several windows in one pass: time, memory, and how many rows each program gets wrong.

Run: make bench-keys   (in small: python benchmarks/keys.py --rows 100_000 --runs 1 --print); `make bench-peers` runs it
     too, after peers.py

The files are the random walk with a symbol in front of each row: drawn at random for each row (interleaved), or the
same symbols in order (grouped). Each run is a whole new process, and the programs take turns. `plain` is stream-signal
without keys on the same file. Wrong rows are counted outside the timing, on fewer rows.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from contenders import COMMAND, PROGRAMS
from first_wrong import FirstWrong, explained, first_wrong
from machine import setting
from peers import Wrong, compile_bytecode
from processes import Cost, FailedError, measure
from report import invocation, number, parser_of, publish, table
from truth import signals_of
from workloads import SEED, WINDOW, cache_folder, places_of, read_signals, ticks_of, workload

if TYPE_CHECKING:
    import argparse

    from numpy.typing import NDArray

INTERLEAVED, GROUPED = "interleaved", "grouped"
MARKETS = ((1, INTERLEAVED), (100, INTERLEAVED), (5000, INTERLEAVED), (100_000, INTERLEAVED), (5000, GROUPED))
WINDOWS = ("5", "5,20", "5,20,60", "5,20,60,200")
PEERS = {"polars": "polars, over", "pandas": "pandas, groupby", "duckdb": "DuckDB, PARTITION BY"}
PLAIN, KEYED = "stream-signal, plain", "stream-signal, --key"


class Market(NamedTuple):
    """A file of many symbols."""

    path: Path
    symbols: int
    layout: str
    rows: int
    ids: NDArray[np.int64]
    """the number of the symbol of each row"""

    @property
    def ticks(self) -> NDArray[np.int64]:
        """The close of each row, in cents."""
        return ticks_of(workload("plain", self.rows))

    def window_before(self, row: int) -> list[int]:
        """Return the closes of the window of its symbol that ends at a row, counted from 0."""
        rows = np.flatnonzero(self.ids[: row + 1] == self.ids[row])[-WINDOW:]
        closes: list[int] = self.ticks[rows].tolist()
        return closes

    @property
    def truth(self) -> NDArray[np.bool_]:
        """The signal of each row, in the window of its symbol: from the integers, one symbol after another."""
        ticks = self.ticks
        order = np.argsort(self.ids, kind="stable")
        found = np.zeros(self.rows, np.bool_)
        bounds = np.flatnonzero(np.diff(self.ids[order], prepend=-1, append=-1))
        for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            rows = order[begin:end]
            found[rows] = signals_of(ticks[rows], np.zeros(len(rows), np.bool_), WINDOW)
        return found


def market(rows: int, symbols: int, layout: str) -> Market:
    """Return a file of so many symbols, written if it does not exist yet."""
    ids = np.random.default_rng(SEED).integers(0, symbols, rows)
    if layout == GROUPED:
        ids.sort()
    path = cache_folder() / f"keys-{symbols}-{layout}-{rows}-{SEED}-v1.csv"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        source = workload("plain", rows).path
        with source.open(encoding="ascii") as lines, unfinished.open("w", encoding="ascii") as file:
            file.write(f"symbol,{next(lines)}")
            file.writelines(f"{number:04}USDT,{line}" for number, line in zip(ids.tolist(), lines, strict=True))
        unfinished.rename(path)
    return Market(path, symbols, layout, rows, ids)


def programs(folder: Path) -> dict[str, list[str]]:
    """List what can run here, each without its PATH; ours come first."""
    table_of_keys = str(folder / "keys.csv")
    found = {
        PLAIN: [COMMAND, "--key", "none", "--jobs", "1"],
        KEYED: [COMMAND, "--key", "symbol", "--keys-output", table_of_keys, "--quiet", "--jobs", "1"],
    }
    for package, name in PEERS.items():
        if find_spec(package):
            found[name] = [sys.executable, str(PROGRAMS / "keyed.py"), package]
    return found


def main() -> None:
    """Measure, and write the tables."""
    options = _options()
    if not options.no_compile:
        compile_bytecode()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys, firsts = keys_table(options, folder)
        windows = windows_table(options, folder)
    said = f"`{invocation()}`: {options.rows:,} rows, window {WINDOW}, median of {options.runs}; "
    said += f"wrong rows of {options.rows_checked:,}.\n"
    said += setting()
    title = "The first row that each decides otherwise, in the window of its symbol:"
    further = "Several windows in one pass, by one process, without keys:"
    text = f"{said}\n\n{keys}\n\n{title}\n\n{firsts}\n\n{further}\n\n{windows}"
    publish("keys", text, options.output, only_print=options.print)


def keys_table(options: argparse.Namespace, folder: Path) -> tuple[str, str]:
    """Measure each market by each program; return the table, and that of the first wrong rows."""
    rows: list[list[str]] = []
    firsts: list[tuple[str, str, FirstWrong | None]] = []
    for symbols, layout in MARKETS:
        found, checked = market(options.rows, symbols, layout), market(options.rows_checked, symbols, layout)
        ways = programs(folder)
        costs = take_turns({name: [*way, str(found.path)] for name, way in ways.items()}, options.runs, folder)
        ours = costs[KEYED]
        for name, mine in costs.items():
            cells = [number(median(cost.wall for cost in mine)) if mine else "failed"]
            cells.append(_ratio(mine, costs[PLAIN]))
            cells.append(_ratio(ours, mine))
            cells.append(number(max(cost.peak for cost in mine)) if mine else "")
            if name == PLAIN:
                cells.append("")
            else:
                wrong = wrong_rows(name, ways[name], checked, folder)
                cells.append(f"{wrong.rows:,}")
                firsts.append((name, f"{symbols:,} {layout}", wrong.first))
            rows.append([name, f"{symbols:,} {layout}", *cells])
    head = ["program", "symbols", "wall s", "of plain", "ours, of its", "peak MB", "wrong rows"]
    return table(head, rows), explained(firsts)


def windows_table(options: argparse.Namespace, folder: Path) -> str:
    """Measure one file with more and more windows."""
    path = str(workload("plain", options.rows).path)
    ways = {windows: [COMMAND, path, "--window", windows, "--jobs", "1"] for windows in WINDOWS}
    costs = take_turns(ways, options.runs, folder)
    first = costs[WINDOWS[0]]
    rows = []
    for count, (windows, mine) in enumerate(costs.items()):
        more = median(cost.wall / one.wall - 1 for cost, one in zip(mine, first, strict=True)) / max(count, 1)
        rows.append([windows, number(median(cost.wall for cost in mine)), f"{more:.3f}" if count else ""])
    return table(["windows", "wall s", "each further one, of the first"], rows)


def take_turns(ways: dict[str, list[str]], runs: int, folder: Path) -> dict[str, list[Cost]]:
    """Run every program once a round; a peer that fails, for want of memory, has no figures."""
    costs: dict[str, list[Cost]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            try:
                costs[name].append(measure(way, folder=folder))
            except FailedError:
                if name in {PLAIN, KEYED, *WINDOWS}:
                    raise
    return costs


def wrong_rows(name: str, way: list[str], checked: Market, folder: Path) -> Wrong:
    """Count the rows whose signal is not the exact one, and find the first."""
    path, means = folder / "signals", folder / "means"
    if name == KEYED:
        measure([COMMAND, str(checked.path), "--key", "symbol", "--signals", str(path), "--quiet"], folder=folder)
        shown = np.array([line.endswith(b",1") for line in path.read_bytes().splitlines()[1:]])
    else:
        measure([*way, str(checked.path), str(path), str(means)], folder=folder)
        shown = read_signals(path)
    truth, places = checked.truth, places_of(workload("plain", checked.rows))
    wrong = int(np.count_nonzero(shown != truth))
    if wrong and name == KEYED:
        sys.exit(f"{name}: {wrong} rows wrong on {checked.path.name}")
    return Wrong(wrong, first_wrong(shown, truth, checked.window_before, places, means))


def _ratio(costs: list[Cost], others: list[Cost]) -> str:
    """Return the median of the ratios within a round."""
    return number(median(cost.wall / other.wall for cost, other in zip(costs, others, strict=False))) if costs else ""


def _options() -> argparse.Namespace:
    parser = parser_of("Compare programs on files of many symbols.")
    return parser.parse_known_args()[0]  # `make bench-peers` passes on what is meant for peers.py


if __name__ == "__main__":
    main()
