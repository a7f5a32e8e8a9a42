"""What the benchmarks run on: seeded, the same everywhere, made on first use and kept outside the repository.

A workload is a kind (see `kinds`) at a size. Beside its CSV are the exact answers, computed from the integers that the
text was written from (see `truth`), never by reading it back:

    plain-10000-42-v1.csv        the candles
    plain-10000-42-v1.signals    one character a row, 0 or 1: its signal with window 5
    plain-10000-42-v1.json       the number of signals for each of WINDOWS

No row is a copy of another, so timestamps and prices are those of a real series. Generating takes about 5 µs a row for
plain, a minute for ten million (600 MB); 2 µs a row for the other kinds, which are rewritten from plain.
"""

from __future__ import annotations

import json
import os
import shutil
from array import array
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from kinds import CLOSE, HEADLESS, KINDS
from truth import signals_of

from stream_signal.command.candles import candles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SEED = 42
WINDOW = 5
WINDOWS = (1, WINDOW, 1_000, 1_000_000)
VERSION = 1  # of the bytes; increase it when a kind changes, so that no old file is read
BLOCK_LINES = 1000


class Workload(NamedTuple):
    """A file of candles, and its exact answers."""

    path: Path
    signals_path: Path
    """one character a row, 0 or 1, for WINDOW"""
    rows: int
    signals: dict[int, int]
    """how many rows signal, by window"""

    @property
    def truth(self) -> NDArray[np.bool_]:
        """The signal of each row, for WINDOW."""
        return read_signals(self.signals_path)


def read_signals(path: Path) -> NDArray[np.bool_]:
    """Read a file of one character a row, 0 or 1."""
    return np.array(np.frombuffer(path.read_bytes(), "S1") == b"1", np.bool_)


def ticks_of(work: Workload) -> NDArray[np.int64]:
    """Return the closes of a file as integers, without their points: those of a kind that writes the same decimals."""
    with work.path.open(encoding="ascii") as lines:
        if not work.path.name.startswith(tuple(HEADLESS)):
            next(lines)
        return np.array([int(line.split(",")[CLOSE].replace(".", "")) for line in lines], np.int64)


def places_of(work: Workload) -> int:
    """Return how many decimals the closes of a file have, which are as many in all rows."""
    with work.path.open(encoding="ascii") as lines:
        next(lines)
        return len(next(lines).split(",")[CLOSE].partition(".")[2])


def cache_folder() -> Path:
    """Return the folder for generated files: $STREAM_SIGNAL_CACHE, or one under the user's cache."""
    chosen = os.environ.get("STREAM_SIGNAL_CACHE")
    folder = Path(chosen) if chosen else Path.home() / ".cache" / "stream-signal"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def workload(kind: str, rows: int) -> Workload:
    """Return candles of a kind, generated if they do not exist yet."""
    path = cache_folder() / f"{kind}-{rows}-{SEED}-v{VERSION}.csv"
    answers = path.with_suffix(".json")
    if not path.exists():
        _make(kind, rows, path)
    signals = {int(window): count for window, count in json.loads(answers.read_text()).items()}
    return Workload(path, path.with_suffix(".signals"), rows, signals)


def repeated(work: Workload, times: int) -> Workload:
    """Return a file of plain candles that has the rows of another one so often, one after the other."""
    path = work.path.with_name(f"{work.path.stem}-times-{times}.csv")
    ticks = ticks_of(work) if work.rows < 10 * WINDOW else _ticks_at_ends(work)
    across = signals_of(np.tile(ticks, 2), np.zeros(2 * len(ticks), np.bool_), WINDOW)[len(ticks) :][: WINDOW - 1]
    signals = times * work.signals[WINDOW] + (times - 1) * int(across.sum())
    if not path.exists():
        unfinished = path.with_suffix(f".{os.getpid()}")
        with unfinished.open("wb") as file:
            for at in range(times):
                with work.path.open("rb") as source:
                    if at:
                        next(source)  # the header
                    shutil.copyfileobj(source, file, 1 << 20)
        unfinished.rename(path)
    return Workload(path, work.signals_path, times * work.rows, {WINDOW: signals})


def _ticks_at_ends(work: Workload) -> NDArray[np.int64]:
    """Return the first closes of a file and its last ones, as integers."""
    with work.path.open("rb") as file:
        head = file.read(4096).split(b"\n")[1 : 1 + WINDOW]
        file.seek(-4096, os.SEEK_END)
        tail = file.read().split(b"\n")[-1 - WINDOW : -1]
    return np.array([int(line.split(b",")[CLOSE].replace(b".", b"")) for line in (*head, *tail)], np.int64)


def _make(kind: str, rows: int, path: Path) -> None:
    """Write the file and its answers; the file gets its name last, when it is complete."""
    how = (KINDS | HEADLESS)[kind]
    source = _generated(rows) if kind == "plain" else _from_plain(rows)
    ticks, missing = array("q"), array("b")
    unfinished = path.with_suffix(f".{os.getpid()}")
    with unfinished.open("w", encoding="ascii", newline="") as file:
        if how.header:
            file.write(how.header + how.newline)
        lines = how.lines((fields := line.split(","), int(fields[CLOSE].replace(".", ""))) for line in source)
        while block := list(islice(lines, BLOCK_LINES)):
            file.writelines(line + how.newline for line, _ in block)
            ticks.extend(close or 0 for _, close in block)
            missing.extend(close is None for _, close in block)
    closes, gaps = np.frombuffer(ticks, np.int64), np.frombuffer(missing, np.bool_)
    found = {window: signals_of(closes, gaps, window) for window in WINDOWS}
    path.with_suffix(".signals").write_bytes((found[WINDOW] + np.uint8(ord("0"))).tobytes())
    path.with_suffix(".json").write_text(json.dumps({window: int(found[window].sum()) for window in WINDOWS}))
    unfinished.rename(path)


def _generated(rows: int) -> Iterator[str]:
    blocks = candles(rows, SEED)
    next(blocks)  # the header
    for block in blocks:
        yield from block.decode().splitlines()


def _from_plain(rows: int) -> Iterator[str]:
    with workload("plain", rows).path.open(encoding="ascii") as file:
        next(file)
        for line in file:
            yield line.rstrip("\n")
