"""The summary: on a terminal, and as a page of Markdown."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from typing import TYPE_CHECKING

from support.commands import COMMAND, run_command

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"time,close\n2024-01-01 00:00,1\n2024-01-01 00:01,2\n2024-01-01 00:02,1\n2024-01-01 00:03,4\n"
KEYED = b"time,symbol,close\n1,A|B,1\n2,A|B,2\n3,<b>,3\n"
SENTENCE = "50.00 % of 4 rows closed above the mean of the last 2, from 2024-01-01 00:00 to 2024-01-01 00:03 UTC."


def on_a_terminal(folder: Path, *flags: str, data: bytes = DATA) -> str:
    """Run a job whose stdout and stderr are one terminal; return what that shows."""
    (folder / "data.csv").write_bytes(data)
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, "data.csv", "--window", "2", *flags],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    try:
        while data := os.read(main, 4096):
            shown += data
    except OSError:  # the terminal has no other end any more
        pass
    os.close(main)
    assert process.wait(30) == 0
    return shown.decode().replace("\r\n", "\n")


def test_a_terminal(tmp_path: Path) -> None:
    """A person who sees the metrics is told in words what they mean, and where the files went."""
    shown = on_a_terminal(tmp_path, "--manifest", "m.json").splitlines()
    assert shown[0].startswith('{"version": "v1", "rows_processed": 4,')
    assert shown[1:] == [
        f"stream-signal: {SENTENCE}",
        "stream-signal: signals: 2; usual step: 1 min; missing: 0 s; longest gap: none",
        "stream-signal: written: the manifest to m.json",
    ]


def test_a_quiet_terminal(tmp_path: Path) -> None:
    """With --quiet, a terminal has the metrics alone."""
    assert len(on_a_terminal(tmp_path, "--quiet").splitlines()) == 1


def test_doubts_follow(tmp_path: Path) -> None:
    """The summary says how many doubts there are, and these come next."""
    shown = on_a_terminal(tmp_path, data=DATA + b"2024-01-01 00:01,5\n").splitlines()
    assert shown[3] == "stream-signal: 1 doubt about this answer:"
    assert shown[4].startswith("stream-signal: out of order: 1 of 4")


def test_no_terminal(tmp_path: Path) -> None:
    """Without a terminal, nothing is said."""
    (tmp_path / "data.csv").write_bytes(DATA)
    assert run_command("data.csv", "--window", "2", cwd=tmp_path).stderr == ""


def test_a_page(tmp_path: Path) -> None:
    """The page of Markdown has the sentence, the figures, and the keys; what comes from the input is text in it."""
    (tmp_path / "data.csv").write_bytes(KEYED)
    run_command("data.csv", "--window", "2", "--key", "symbol", "--summary", "s.md", cwd=tmp_path)
    page = (tmp_path / "s.md").read_text()
    assert "33.33 % of 3 rows closed above the mean of the last 2 of their key" in page
    assert "| rate | 33.33 % (0.3333333333333333) |" in page
    assert re.findall(r"^\| (\S+) \| (\S+ %) \| (\d) \| (\d) \|$", page, re.MULTILINE) == [
        (r"A\|B", "50.00 %", "2", "1"),
        (r"\<b\>", "0.00 %", "1", "0"),
    ]


def test_an_input_is_not_overwritten(tmp_path: Path) -> None:
    """The page is an output like the others: it may not be an input."""
    (tmp_path / "data.csv").write_bytes(DATA)
    done = run_command("data.csv", "--summary", "data.csv", cwd=tmp_path)
    assert (done.code, (tmp_path / "data.csv").read_bytes()) == (2, DATA)
