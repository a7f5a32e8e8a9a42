"""Markdown tables, and their place in a document: between two comments; the rest stays as it is."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


README = Path(__file__).resolve().parent / "README.md"


def parser_of(description: str, runs: int = 5) -> argparse.ArgumentParser:
    """Return the options that the comparisons of programs on files share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rows", type=int, default=10_000_000, help="size of the timed files (default: 10_000_000)")
    parser.add_argument("--runs", type=int, default=runs, help=f"rounds, of which the median counts (default: {runs})")
    parser.add_argument("--rows-checked", type=int, default=1_000_000, help="rows compared one by one")
    parser.add_argument("--output", type=Path, default=README, help="document to write the tables into")
    parser.add_argument("--print", action="store_true", help="print the tables and write nothing")
    parser.add_argument("--no-compile", action="store_true", help="take the bytecode as it is")
    return parser


def invocation() -> str:
    """Return the command that ran this script, for its caption."""
    return " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Draw a table; all columns but the first hold numbers and are aligned to the right.

    >>> print(table(["program", "wall"], [["cat", "1.2"]]))
    | program | wall |
    |---|---:|
    | cat | 1.2 |
    """
    rule = "|---|" + "---:|" * (len(head) - 1)
    return "\n".join([_line(head), rule, *map(_line, rows)])


def number(value: float) -> str:
    """Write a positive number with three significant digits.

    >>> number(0.06143), number(1.234), number(581.2), number(0)
    ('0.0614', '1.23', '581', '0')
    """
    if not value:
        return "0"
    places = 2
    for bound in (1, 0.1, 0.01):
        places += value < bound
    for bound in (10, 100):
        places -= value >= bound
    return f"{value:.{places}f}"


def markers(name: str) -> tuple[str, str]:
    """Return the two comments around the tables of that name."""
    return f"<!-- {name}: begin, written by `make bench-{name}` -->", f"<!-- {name}: end -->"


def replace_between(path: Path, name: str, text: str) -> None:
    """Put `text` between the markers of `name` in a document; ValueError if they are missing."""
    document = path.read_text(encoding="utf-8")
    begin, end = markers(name)
    before, opened, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise ValueError(f"{path}: expected the lines {begin!r} and {end!r}")
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def publish(name: str, text: str, output: Path, *, only_print: bool) -> None:
    """Print a table with its caption, and put it between the markers of `name` in a document."""
    print(text)
    if not only_print:
        replace_between(output, name, text)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
