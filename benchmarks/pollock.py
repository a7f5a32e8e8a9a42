"""Pollock, the published benchmark of polluted CSV, on a table of candles: no answer may be wrong in silence.

    git clone https://github.com/HPI-Information-Systems/Pollock
    make bench-pollock BENCH="Pollock --python PYTHON"     # one that has the packages of its requirements.txt

The generator of the benchmark (Vitagliano and others, "Pollock: A Data Loading Benchmark", VLDB 2023,
https://doi.org/10.14778/3594512.3594518) writes 1,500 files from one clean table, each with one pollution: a delimiter
too many, a quote that never closes, a second table below. Each is given to the command as it is. That is done for a
plain table, and for one with each field in quotes. The generator is used where it was cloned; nothing of it is kept.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from report import README, publish, table

from stream_signal import SignalStream
from stream_signal.command.candles import candles

ROWS = 83  # as many as the table that comes with the benchmark
COMMAND = (sys.executable, "-m", "stream_signal", "--no-config")
RIGHT, TOLD, REFUSED, SILENT = OUTCOMES = ("right", "told", "refused", "silently wrong")
PLAIN = b"".join(candles(ROWS, seed=42))
QUOTED = b'"%b"\n' % PLAIN.rstrip(b"\n").replace(b",", b'","').replace(b"\n", b'"\n"')
TABLES = {"plain": PLAIN, "quoted": QUOTED}
# Files that have fewer rows on purpose, and how many.
ROWS_LEFT = {"file_no_payload.csv": 0, "file_header_only.csv": 0, "file_one_data_row.csv": 1}


def main() -> None:
    """Pollute a table of candles, count the outcomes, and write the table."""
    parser = argparse.ArgumentParser(description="Pollute candles with the generator of Pollock and count each file.")
    parser.add_argument("generator", type=Path, help="a clone of the benchmark's repository")
    parser.add_argument("--python", default=sys.executable, help="the Python that has the packages of the generator")
    parser.add_argument("--output", type=Path, default=README, help="document to write the table into")
    parser.add_argument("--print", action="store_true", help="print the table and write nothing")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        paths = []
        for name, table_of_candles in TABLES.items():
            paths += pollute(options.generator.resolve(), options.python, Path(folder, name), table_of_candles)
        with ProcessPoolExecutor() as executor:
            outcomes = dict(zip(paths, executor.map(outcome, paths, chunksize=16), strict=True))
    counts = Counter((kind(path), result) for path, result in outcomes.items())
    kinds = sorted({name for name, _ in counts})
    rows = [[name, *(str(counts[name, result]) for result in OUTCOMES)] for name in kinds]
    rows.append(["all", *(str(sum(counts[name, result] for name in kinds)) for result in OUTCOMES)])
    caption = f"{len(paths)} files made of {ROWS} candles, with and without quotes."
    text = f"{caption}\n\n{table(['pollution', *OUTCOMES], rows)}"
    publish("pollock", text, options.output, only_print=options.print)
    print(*(f"{SILENT}: {path}" for path, result in outcomes.items() if result == SILENT), sep="\n")


def pollute(generator: Path, python: str, folder: Path, clean: bytes) -> list[Path]:
    """Run the generator in a new folder, on a clean table; return its files."""
    (folder / "results").mkdir(parents=True)
    (folder / "results" / "source.csv").write_bytes(clean)
    program = generator / "pollute_main.py"
    subprocess.run([python, str(program)], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return sorted((folder / "polluted_files" / "csv").glob("*.csv"))


def kind(path: Path) -> str:
    """Name the pollution of a file, without the place where it was put.

    >>> kind(Path("row_less_sep_row7_col3.csv")), kind(Path("file_field_delimiter_0x3B.csv"))
    ('row_less_sep', 'file_field_delimiter_0x3B')
    """
    return path.stem if path.stem.startswith("file_") else re.sub(r"_?(row)?[0-9]+(_0x20|_col[0-9]+)$", "", path.stem)


def outcome(path: Path) -> str:
    """Count a file with the command, and say what came of it."""
    command = [*COMMAND, str(path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    wanted = right(ROWS_LEFT.get(path.name, ROWS))
    if done.returncode:
        return RIGHT if wanted is None else REFUSED
    metrics = json.loads(done.stdout)
    if (metrics["rows_processed"], metrics["value"]) == wanted:
        return RIGHT
    return TOLD if done.stderr else SILENT


def right(rows: int) -> tuple[int, float] | None:
    """Return the right answer for so many candles; None if there is none."""
    if not rows:
        return None
    stream = SignalStream()
    stream.feed(b"".join(candles(rows, seed=42)))
    counts = stream.finish()
    return counts.rows, counts.value


if __name__ == "__main__":
    main()
