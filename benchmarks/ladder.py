"""A ladder: the same job on files of 10,000 rows to 100 million, beside two programs that stay as they are.

Run: make bench-ladder   (in small: python benchmarks/ladder.py --rows 10_000 --runs 1 --print)

Times of other programs change with their versions, and those of a machine with its neighbours. `wc -l` looks at each
byte and counts lines; the program in C does the whole job, for plain files, 32 bytes at a time in one thread. Between
the two lies what is left to gain. Each run is a whole process, the page cache is warm, and the programs take turns.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from contenders import contenders, in_one_process, rungs
from machine import raise_share, setting
from peers import BUSY_LOOPS, compile_bytecode, take_turns
from processes import memory_floor
from report import README, invocation, number, publish, table
from tracking import BUSY_RATIO, fixed_loop, waited
from workloads import Workload, repeated, workload

if TYPE_CHECKING:
    from peers import Result

# Larger files are this one, several times over: to make up its rows takes a minute.
MOST_DIFFERENT = 10_000_000
PEERS = ("stream-signal", "polars", "pandas")


def main() -> None:
    """Measure, and write the table."""
    options = _options()
    has_more = raise_share()
    if not options.no_compile:
        compile_bytecode()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, *others = [one for one in contenders(folder) if one.name.startswith(PEERS)]
        found = [*rungs(folder), ours, in_one_process(), *others]
        loops = [fixed_loop() for _ in range(BUSY_LOOPS)]
        steps = [(rows, take_turns(found, _work(rows), options.runs, folder)) for rows in options.rows]
        loops += [fixed_loop() for _ in range(BUSY_LOOPS)]
    caption = f"""\
`{invocation()}`: median of {options.runs}{", with a raised share of the cores" * has_more}.
{setting()}
No peak below {number(memory_floor())} MB can be measured.\
{" The machine was busy: these times are not to be quoted." * (waited(loops) > BUSY_RATIO)}"""
    publish("ladder", "\n\n".join([caption, _table(steps)]), options.output, only_print=options.print)


def _work(rows: int) -> Workload:
    if rows <= MOST_DIFFERENT:
        return workload("plain", rows)
    return repeated(workload("plain", MOST_DIFFERENT), rows // MOST_DIFFERENT)


def _table(steps: list[tuple[int, list[Result]]]) -> str:
    """Draw the table; the ratios are of wall times, to those of the two rungs on the same file."""
    head = ["program", "rows", "input", "wall s", "CPU s", "peak MB", "times wc -l", "times C, SIMD"]
    lines = []
    for rows, results in steps:
        walls = {result.contender.name: result.wall for result in results}
        for result in results:
            ratios = [number(result.wall / walls[rung]) if rung in walls else "" for rung in ("wc -l", "C, SIMD")]
            costs = map(number, (result.wall, result.cpu, result.peak))
            lines.append([result.contender.name, f"{rows:,}", result.contender.input_name, *costs, *ratios])
    return table(head, lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare stream-signal with programs that stay as they are.")
    sizes = [10**4, 10**5, 10**6, 10**7]
    parser.add_argument(
        "--rows", type=int, nargs="+", default=sizes, help="sizes of the files; beyond 10_000_000 a multiple of it"
    )
    parser.add_argument("--runs", type=int, default=9, help="rounds, of which the median counts (default: 9)")
    parser.add_argument("--output", type=Path, default=README, help="document to write the table into")
    parser.add_argument("--print", action="store_true", help="print the table and write nothing")
    parser.add_argument("--no-compile", action="store_true", help="take the bytecode as it is")
    return parser.parse_args()


if __name__ == "__main__":
    main()
