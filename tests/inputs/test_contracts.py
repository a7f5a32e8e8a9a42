"""Each source keeps what a source promises (`support.contracts`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.candle_csv import candle_csv
from support.contracts import SOURCES, check_source

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("offset", [1, 40, 2000, 10**6])
@pytest.mark.parametrize("name", SOURCES)
def test_sources(name: str, offset: int, tmp_path: Path) -> None:
    """A source begins and ends each input in turn, with its bytes between; and from any offset on, the rest."""
    files = [candle_csv([f"4.{at * size % 97}" for at in range(size)]) for size in (100, 1, 37)]
    check_source(SOURCES[name], files[: SOURCES[name].inputs], tmp_path, offset)
