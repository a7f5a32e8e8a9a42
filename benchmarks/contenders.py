"""What is compared: for each program how it is run, for which input, and how it shows the signal of each row.

Each is the short program that its users would write, in `programs/`. All take `PATH [SIGNALS MEANS]`, count the
rows whose close is above the mean of the last five, and print `rows signals`; SIGNALS gets one character a row, 0 or 1,
and MEANS a line with the mean, if the program has one in floats.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

PROGRAMS = Path(__file__).resolve().parent / "programs"
COMMAND = str(Path(sys.executable).parent / "stream-signal")


class Contender(NamedTuple):
    """One program, for one input."""

    name: str
    input_name: str
    """file; or pipe: `cat` writes, and PATH is `-`"""
    program: list[str]
    """what is timed, without its PATH"""
    shower: list[str]
    """what shows the signal of each row, without its PATH, SIGNALS and MEANS; not timed"""
    counts_lines: bool = False
    """whether it prints the number of lines, that of the header included, and no signals"""

    @property
    def label(self) -> str:
        """The name, with the input if it is not a file."""
        return self.name + ", by pipe" * (self.input_name == "pipe")

    def counting(self, path: Path) -> list[str]:
        """Return the timed command for a file."""
        return [*self.program, self.path_for(path)]

    def showing(self, path: Path, signals: Path, means: Path) -> list[str]:
        """Return the command that writes the signal of each row, and its mean."""
        return [*self.shower, self.path_for(path), str(signals), str(means)]

    def piped(self, path: Path) -> Path | None:
        """Return the file that is to be piped in, if any."""
        return path if self.input_name == "pipe" else None

    def answer(self, stdout: str) -> tuple[int, int]:
        """Read rows and signals from what the program printed."""
        if stdout.startswith("{"):
            metrics = json.loads(stdout)
            rows = int(metrics["rows_processed"])
            return rows, round(metrics["value"] * rows)
        if self.counts_lines:
            return int(stdout.split(maxsplit=1)[0]) - 1, 0
        rows_text, signals = stdout.split()
        return int(rows_text), int(signals)

    def path_for(self, path: Path) -> str:
        """Return what the program is given for a file."""
        return "-" if self.input_name == "pipe" else str(path)


def contenders(folder: Path) -> list[Contender]:
    """List the programs that can run here; the C program is compiled into `folder`."""
    found = [_stream_signal("file"), _stream_signal("pipe")]
    if find_spec("polars"):
        found += [
            _script("polars scan_csv, streaming", "polars_rolling.py", input_name=input_name)
            for input_name in ("file", "pipe")
        ]
    if find_spec("pandas"):
        found.append(_script("pandas read_csv, usecols", "pandas_rolling.py"))
    if find_spec("duckdb"):
        found.append(_script("DuckDB, avg", "duckdb_window.py", "avg"))
        found.append(_script("DuckDB, DECIMAL and product", "duckdb_window.py", "decimal"))
    if find_spec("pyarrow"):
        found.append(_script("pyarrow, NumPy cumsum", "pyarrow_cumsum.py"))
    found.append(_script("csv module, deque", "csv_deque.py"))
    if shutil.which("mawk"):
        found.append(_one("mawk, ring", ["mawk", "-F,", "-f", str(PROGRAMS / "ring.awk")]))
    if shutil.which("cc"):
        found.append(_compiled("C, one loop", "ring.c", folder))
    return found


def rungs(folder: Path) -> list[Contender]:
    """List what does not become faster or slower when others do: to look at each byte, and the same job in C."""
    lines = _one("wc -l", ["wc", "-l"])._replace(counts_lines=True)
    return [lines, _compiled("C, SIMD", "ring_simd.c", folder)] if shutil.which("cc") else [lines]


def in_one_process() -> Contender:
    """Return stream-signal without further processes."""
    return _stream_signal("file")._replace(name="stream-signal --jobs 1", program=[COMMAND, "--jobs", "1"])


def _compiled(name: str, source: str, folder: Path) -> Contender:
    binary = str(folder / Path(source).stem)
    subprocess.run(["cc", "-O3", "-march=native", "-o", binary, str(PROGRAMS / source)], check=True)
    return _one(name, [binary])


def starters(found: list[Contender], folder: Path) -> list[Contender]:
    """Pick those whose start-up is compared: stream-signal, which comes first, again with a log, and three others."""
    log = [COMMAND, "--log-file", str(folder / "run.log")]
    names = ("polars", "pandas", "csv module")
    return [
        found[0],
        found[0]._replace(name="stream-signal --log-file", program=log),
        *(one for one in found if one.input_name == "file" and one.name.startswith(names)),
    ]


def _stream_signal(input_name: str) -> Contender:
    return Contender("stream-signal", input_name, [COMMAND], [sys.executable, str(PROGRAMS / "stream_rows.py")])


def _script(name: str, script: str, *arguments: str, input_name: str = "file") -> Contender:
    return _one(name, [sys.executable, str(PROGRAMS / script), *arguments], input_name)


def _one(name: str, program: list[str], input_name: str = "file") -> Contender:
    return Contender(name, input_name, program, program)
