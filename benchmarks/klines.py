"""Binance klines, twelve columns without a header: time, memory, and how many rows each program gets wrong.

Run: make bench-klines   (in small: python benchmarks/klines.py --rows 100_000 --runs 3 --print); `make bench-peers`
     runs it too, after peers.py

The file is that of `kinds.wide`, about 146 bytes a row, as the archive of the exchange has it: opened in milliseconds,
the closes with eight decimals in the fifth column. Ten million rows take 1.4 GB. Each run is a whole new process, and
the programs take turns; wrong rows are counted outside the timing, on fewer rows.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from contenders import COMMAND, PROGRAMS, Contender
from first_wrong import explained
from machine import setting
from peers import BUSY_LOOPS, compile_bytecode, take_turns, wrong_rows
from report import invocation, number, parser_of, publish, table
from tracking import BUSY_RATIO, fixed_loop, waited
from workloads import workload

if TYPE_CHECKING:
    import argparse

    from peers import Result, Wrong

KIND = "klines"
FORMAT = ["--format", "binance"]


def contenders() -> list[Contender]:
    """List the programs that can run here; ours come first."""
    shower = [sys.executable, str(PROGRAMS / "stream_rows.py"), *FORMAT]
    found = [
        Contender("stream-signal, --format binance", name, [COMMAND, *FORMAT], shower) for name in ("file", "pipe")
    ]
    for package, title in (("polars", "polars scan_csv, streaming"), ("pandas", "pandas read_csv, usecols")):
        if find_spec(package):
            program = [sys.executable, str(PROGRAMS / "headless.py"), package]
            found.append(Contender(title, "file", program, program))
    return found


def main() -> None:
    """Measure, and write the tables."""
    options = _options()
    if not options.no_compile:
        compile_bytecode()
    found = contenders()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        timed, checked = workload(KIND, options.rows), workload(KIND, options.rows_checked)
        take_turns(found, workload(KIND, 10_000), 1, folder)  # so that no timed run reads the libraries from the disk
        loops = [fixed_loop() for _ in range(BUSY_LOOPS)]
        results = take_turns(found, timed, options.runs, folder)
        loops += [fixed_loop() for _ in range(BUSY_LOOPS)]
        wrong = [wrong_rows(one, checked, folder) for one in found]
    size = timed.path.stat().st_size / 1e6
    said = f"`{invocation()}`: {options.rows:,} rows, {number(size)} MB, median of {options.runs}; "
    said += f"wrong rows of {options.rows_checked:,}.\n{setting()}"
    said += " The machine was busy: these times are not to be quoted." * (waited(loops) > BUSY_RATIO)
    title = "The first row that each decides otherwise:"
    firsts = explained((one.label, KIND, each.first) for one, each in zip(found, wrong, strict=True))
    publish(
        KIND, "\n\n".join([said, klines_table(results, wrong), title, firsts]), options.output, only_print=options.print
    )


def klines_table(results: list[Result], wrong: list[Wrong]) -> str:
    """Draw the table; the ratios are to stream-signal from a file."""
    ours = results[0]
    head = ["program", "input", "wall s", "fastest to slowest", "times ours", "CPU s", "peak MB", "wrong rows"]
    rows = []
    for one, each in zip(results, wrong, strict=True):
        cells = [one.contender.name, one.contender.input_name, number(one.wall)]
        cells += [" to ".join(map(number, one.span)), number(one.wall / ours.wall), number(one.cpu), number(one.peak)]
        rows.append([*cells, f"{each.rows:,}"])
    return table(head, rows)


def _options() -> argparse.Namespace:
    parser = parser_of("Compare programs on Binance klines without a header.")
    return parser.parse_known_args()[0]  # `make bench-peers` passes on what is meant for peers.py


if __name__ == "__main__":
    main()
