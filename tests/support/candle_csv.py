"""Candle CSV for tests: the same six columns everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HEADER = "timestamp,open,high,low,close,volume\n"
FIRST_TIMESTAMP = 1_700_000_000
CLOSES = [f"{4 + number % 7}.{number % 5}" for number in range(300)]


def row(number: int, close: str, delimiter: str = ",") -> str:
    """Make one row without its line end; `number` counts from 0."""
    return delimiter.join([str(FIRST_TIMESTAMP + 60 * number), "1.0", "2.0", "0.5", close, "1.5"])


def candle_csv(closes: Iterable[str], delimiter: str = ",", line_end: str = "\n", *, header: bool = True) -> bytes:
    """Make a whole file."""
    lines = [HEADER.strip().replace(",", delimiter)] if header else []
    lines += [row(number, close, delimiter) for number, close in enumerate(closes)]
    return "".join(line + line_end for line in lines).encode()


def written_files(folder: Path, files: list[bytes]) -> tuple[str, ...]:
    """Write files; return their paths."""
    paths = [folder / f"{number}.csv" for number in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        path.write_bytes(data)
    return tuple(map(str, paths))
