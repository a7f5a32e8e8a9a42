"""What the benchmarks run on: seeded, the same everywhere, made on first use and kept outside the repository."""

from __future__ import annotations

import os
from pathlib import Path

from stream_signal.candles import candles

SEED = 42


def cache_folder() -> Path:
    """Return the folder for generated files: $STREAM_SIGNAL_CACHE, or one under the user's cache."""
    chosen = os.environ.get("STREAM_SIGNAL_CACHE")
    folder = Path(chosen) if chosen else Path.home() / ".cache" / "stream-signal"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def candle_file(rows: int) -> Path:
    """Return a file of synthetic candles, made if it is not there yet."""
    path = cache_folder() / f"candles-{rows}-{SEED}.csv"
    if not path.exists():
        unfinished = path.with_suffix(f".{os.getpid()}")
        with unfinished.open("wb") as file:
            file.writelines(candles(rows, SEED))
        unfinished.rename(path)
    return path
