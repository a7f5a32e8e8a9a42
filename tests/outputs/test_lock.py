"""FileLock: one writer at a time, whenever the other one ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal.outputs.lock import FileLock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("look", [1, 2])
def test_removed_while_it_is_taken(look: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that ends between two steps of the next one takes its lock file with it: the next makes a new one."""
    stat, looks = os.stat, []

    def remove_and_stat(path: Any, **named: Any) -> os.stat_result:
        looks.append(path)
        if len(looks) == look:
            os.unlink(tmp_path / ".s.csv.lock")
        return stat(path, **named)

    monkeypatch.setattr(os, "stat", remove_and_stat)
    with FileLock(str(tmp_path / "s.csv")):
        monkeypatch.undo()
        with pytest.raises(BlockingIOError):
            FileLock(str(tmp_path / "s.csv")).__enter__()
    assert os.listdir(tmp_path) == []
