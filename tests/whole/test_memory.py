"""Memory is bounded: measured on streams that are made as they are read, and never stored."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

from stream_signal import Config, run
from support.candle_csv import candle_csv, row
from support.memory import MEGABYTE, peak_memory, peak_of_this_process

if TYPE_CHECKING:
    from pathlib import Path


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Over 300 MB of candles, memory peaks where it does over 30 MB, give or take a megabyte."""
    # 1,000 rows of some 300 bytes: the same bytes in fewer rows.
    rows = [row(number, f"{number % 7}.5") + "," + "9" * 270 for number in range(1000)]
    head = candle_csv([]).replace(b"volume", b"volume,id")
    block = "".join(line + "\n" for line in rows).encode()
    code, _, small = peak_memory(tmp_path, head, block, 30 * MEGABYTE // len(block))
    assert code == 0
    code, stdout, large = peak_memory(tmp_path, head, block, 300 * MEGABYTE // len(block))
    assert code == 0
    assert f'"rows_processed": {300 * MEGABYTE // len(block) * 1000}'.encode() in stdout
    assert large < small + MEGABYTE


def test_a_line_without_an_end_is_refused(tmp_path: Path) -> None:
    """A line that never ends is refused by its number as soon as it is too long, not swallowed."""
    code, stdout, peak = peak_memory(tmp_path, candle_csv(["1"]), b"x" * MEGABYTE, 300)
    assert code == 1
    assert b"line 3: expected a line of at most 131072 bytes, found a longer one" in stdout
    assert peak < 32 * MEGABYTE


def test_a_quote_without_an_end_is_refused(tmp_path: Path) -> None:
    """A quote that never closes is refused by the line it began on, not swallowed."""
    code, stdout, peak = peak_memory(tmp_path, candle_csv(["1"]) + b'"', b"x\n" * (MEGABYTE // 2), 300)
    assert code == 1
    assert b"line 3: expected a line of at most 131072 bytes, found a longer one" in stdout
    assert peak < 32 * MEGABYTE


def test_memory_does_not_grow_with_the_ranges(tmp_path: Path) -> None:
    """A worker that has counted 200 ranges needed no more memory than for the first 20."""
    path = tmp_path / "many.csv"
    path.write_bytes(candle_csv(f"{number % 7}.5" for number in range(500_000)))
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        peaks = []
        for times in (1, 9):
            for _ in range(times):
                metrics = run(path, Config(), executor=executor, range_bytes=MEGABYTE // 2)
            peaks.append(executor.submit(peak_of_this_process).result())
    assert metrics.rows_processed == 500_000
    assert path.stat().st_size > 10 * MEGABYTE
    # If ranges left their arrays behind, it would be tens of megabytes; the allocator alone may take one.
    assert peaks[1] < peaks[0] + 8 * MEGABYTE
