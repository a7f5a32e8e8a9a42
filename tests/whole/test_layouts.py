"""Any table of candles, as it is: the answer is right, or something is said; nothing is wrong in silence."""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from stream_signal.command.candles import candles
from support.commands import Done, run_in_process
from support.layouts import Table, draw_files, draw_table

if TYPE_CHECKING:
    from collections.abc import Mapping

seeds = st.integers(0, 2**40)


def counted(files: Mapping[str, bytes]) -> Done:
    """Give files to the command; notes are not printed, because stderr is no terminal."""
    with TemporaryDirectory() as folder:
        for name, data in files.items():
            Path(folder, name).write_bytes(data)
        return run_in_process(*files, "--no-config", cwd=Path(folder))


def check(table: Table) -> None:
    """Check that a value without a word on stderr is the right one, and that there is no other end without a word."""
    note(table.about)
    done = counted(table.files)
    if not done.stderr:
        assert done.code == 0
        assert (done.record["rows_processed"], done.record["value"]) == (table.rows, table.value)


@pytest.mark.parametrize("header", ["known", "foreign", "none"])
@given(seed=seeds)
def test_no_table_is_wrong_in_silence(header: str, seed: int) -> None:
    """Whatever the columns, their names, marks and order: a value without a word on stderr is the right one."""
    check(draw_table(Random(seed), header))


@given(seed=seeds)
def test_no_files_are_wrong_in_silence(seed: int) -> None:
    """Parts of a series in order or not, or a symbol in each file: as for one table."""
    check(draw_files(Random(seed)))


@given(seed=seeds)
def test_one_changed_byte_is_no_other_answer_in_silence(seed: int) -> None:
    """One byte changed outside the closes gives the same answer, an error, or a word on stderr."""
    rng = Random(seed)
    lines = b"".join(candles(rng.randrange(10, 60), seed % 7)).splitlines(keepends=True)
    number = rng.randrange(len(lines))
    fields = lines[number].split(b",")
    before = len(b",".join(fields[:4])) + 1
    places = [at for at in range(len(lines[number])) if not (number and before <= at < before + len(fields[4]))]
    at = sum(map(len, lines[:number])) + rng.choice(places)
    good = b"".join(lines)
    changed = good[:at] + bytes([rng.choice([rng.randrange(256), *b'0123456789.,;"#\n\r -'])]) + good[at + 1 :]
    note(repr(changed[max(0, at - 60) : at + 60]))
    done = counted({"table.csv": changed})
    if not done.stderr:
        right = counted({"table.csv": good}).record
        assert done.code == 0
        assert (done.record["rows_processed"], done.record["value"]) == (right["rows_processed"], right["value"])
