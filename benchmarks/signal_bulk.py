"""How fast signals are written in bulk: a line for each row of a file, by every program that can do it.

Run: make bench-bulk   (in small: python benchmarks/signal_bulk.py --rows 100_000 --runs 1 --print)

As in `peers.py`, each run is a whole process and the programs take turns. The lines go to a file in the page cache. The
signals of the timed file are compared with the exact answer: the table says how many the others get wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from contenders import COMMAND, PROGRAMS
from machine import described, versions
from peers import compile_bytecode
from processes import Cost, measure
from report import README, invocation, number, publish, table
from workloads import workload

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from workloads import Workload


class Writer(NamedTuple):
    """One program; `{path}` and `{lines}` in its command are the file of candles and that of lines."""

    name: str
    command: list[str]
    form: str = "csv"

    def run(self, work: Workload, lines: Path, *, piped: bool = False) -> Cost:
        """Write the lines of a file of candles."""
        command = [part.format(path=work.path, lines=lines) for part in self.command]
        return measure(command, piped=work.path if piped else None, folder=lines.parent)


def main() -> None:
    """Measure, and write the table."""
    options = _options()
    if not options.no_compile:
        compile_bytecode()
    work = workload("plain", options.rows)
    with tempfile.TemporaryDirectory() as name:
        lines = Path(name) / "lines"
        found = writers()
        costs: list[list[Cost]] = [[] for _ in found]
        wrong = []
        for turn in range(options.runs):
            for writer, so_far in zip(found, costs, strict=True):
                so_far.append(writer.run(work, lines, piped=writer.command[-1] == "-"))
                if turn == 0:
                    wrong.append(wrong_rows(writer, work, lines))
    ours = median(cost.wall for cost in costs[0])
    rows = []
    for writer, so_far, count in zip(found, costs, wrong, strict=True):
        wall = median(cost.wall for cost in so_far)
        cells = [number(wall), number(wall / ours), f"{work.rows / wall:,.0f}"]
        cells += [number(median(cost.cpu for cost in so_far)), number(max(cost.peak for cost in so_far)), f"{count:,}"]
        rows.append([writer.name, *cells])
    head = ["program", "wall s", "times ours", "rows/s", "CPU s", "peak MB", "signals wrong"]
    said = f"`{invocation()}`: {work.rows:,} rows, median of {options.runs}.\n{described()}; "
    said += ", ".join(f"{name} {version}" for name, version in versions().items())
    publish("bulk", f"{said}.\n\n{table(head, rows)}", options.output, only_print=options.print)


def writers() -> list[Writer]:
    """List those that can run here; all are compared with the first."""
    ours = [COMMAND, "--output", "{lines}.json", "--signals"]
    found = [
        Writer("stream-signal", [*ours, "{lines}", "{path}"]),
        Writer("stream-signal, by pipe", [*ours, "{lines}", "-"]),
        Writer("stream-signal, JSON Lines", [*ours, "{lines}", "--signals-format", "jsonl", "{path}"], "jsonl"),
    ]
    for package, name, script in (
        ("polars", "polars sink_csv, streaming", "polars_sink.py"),
        ("duckdb", "DuckDB, COPY", "duckdb_copy.py"),
    ):
        if find_spec(package):
            found.append(Writer(name, [sys.executable, str(PROGRAMS / script), "{path}", "{lines}"]))
    return found


def wrong_rows(writer: Writer, work: Workload, lines: Path) -> int:
    """Count the rows whose signal is not the exact one; exit if it is ours."""
    shown = signals_in(lines, writer.form)
    if shown.size != work.rows:
        sys.exit(f"{writer.name}: {shown.size} lines for {work.rows} rows")
    wrong = int(np.count_nonzero(shown != work.truth))
    if wrong and writer.command[0] == COMMAND:
        sys.exit(f"{writer.name}: {wrong} rows wrong")
    return wrong


def signals_in(lines: Path, form: str) -> NDArray[np.bool_]:
    """Return the last field of each line, 0 or 1."""
    text = np.fromfile(lines, np.uint8)
    ends = np.flatnonzero(text == ord("\n"))
    if form == "csv":
        ends = ends[1:]  # the header
    return np.array(text[ends - (1 if form == "csv" else 2)] == ord("1"), np.bool_)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare how fast signals are written, a line for each row.")
    parser.add_argument("--rows", type=int, default=10_000_000, help="size of the file (default: 10_000_000)")
    parser.add_argument("--runs", type=int, default=3, help="rounds, of which the median counts (default: 3)")
    parser.add_argument("--output", type=Path, default=README, help="document to write the table into")
    parser.add_argument("--print", action="store_true", help="print the table and write nothing")
    parser.add_argument("--no-compile", action="store_true", help="take the bytecode as it is")
    return parser.parse_args()


if __name__ == "__main__":
    main()
