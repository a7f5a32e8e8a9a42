"""Foreign text: a terminal gets none of it that it would obey, and a command with it can be typed."""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.errors import shown
from stream_signal.core.printable import printable
from stream_signal.hints.shell import typed, typed_path
from support.cases import PLAIN
from support.commands import run_command, run_in_process, settings_yaml
from support.typing import proposed, type_line

if TYPE_CHECKING:
    from pathlib import Path

# A title of the window, a colour, a deletion, an end of line, an escape of one byte, a mark of direction.
EVIL = "a\x1b]0;pwned\x07\x1b[31m\x7f\r\x9b2J\u202egnp\u2066"
NAME = f"{EVIL}.csv"
COLUMN = EVIL.replace("\r", "")


def lines_of(text: str) -> list[str]:
    """Return the lines of a text; each has to be printable."""
    lines = text.split("\n")
    assert [line for line in lines if not line.isprintable()] == []
    return lines


@given(st.text(st.characters()))
def test_printable(text: str) -> None:
    """Any text comes out printable, and a printable one as it is."""
    assert printable(text).isprintable()
    assert shown(text).isprintable()
    assert printable(text) == text or not text.isprintable()


@pytest.mark.parametrize("text", ["收盘", "clôture", "Último", "終値 €", "日付"])
def test_other_alphabets(text: str) -> None:
    """Letters of every alphabet are shown as they are."""
    assert printable(text) == text
    assert shown(text) == f"'{text}'"
    assert typed(f"{text}x") in {f"{text}x", f"'{text}x'"}


@given(st.lists(st.binary(min_size=1).filter(lambda data: b"\0" not in data), min_size=1, max_size=20))
def test_typed(names: list[bytes]) -> None:
    """A shell reads back the very bytes of a name, whatever they are; one with a dash at its start is a path."""
    texts = [os.fsdecode(name) for name in names]
    command = f"printf '%s\\0' {' '.join(map(typed, texts))}"
    assert command.isprintable()
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stdout == b"".join(name + b"\0" for name in names)
    assert typed_path("-a\x07") == r"$'./-a\x07'"


def test_members_of_an_archive(tmp_path: Path) -> None:
    """The names of members are shown escaped, in hints and in the log, and what is proposed can be typed."""
    with zipfile.ZipFile(tmp_path / "mac.zip", "w") as archive:
        archive.writestr(f"LICENSE{EVIL[1:-1]}", "x")
        archive.writestr(f"a{EVIL[1:-1]}.csv", PLAIN)
    done = run_in_process("mac.zip", "-v", cwd=tmp_path)
    lines_of(done.stderr.rstrip("\n"))
    assert (done.code, json.loads(done.stdout)["status"]) == (0, "success")


def test_two_symbols(tmp_path: Path) -> None:
    """The pattern for the names of two members is proposed as a shell reads it."""
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for symbol in ("BTCUSDT", "ETHUSDT"):
            archive.writestr(f"{symbol}\x1b[31m-1m.csv", PLAIN)
    done = run_in_process("two.zip", cwd=tmp_path)
    pattern = r"--key @file --key-pattern $'{key}\x1b[31m-1m.csv' for one mean each"
    assert [line for line in lines_of(done.stderr) if pattern in line]
    by_key, as_one = (type_line(line, tmp_path) for line in proposed(done.stderr))
    assert (by_key.code, by_key.stderr, as_one.code) == (0, "", 0)


@pytest.mark.parametrize(
    "arguments",
    [
        (NAME, "-v"),
        (f"none/{NAME}",),
        ("bad.csv", "-v"),
        ("bad.csv", "--column", f"x{EVIL}"),
        ("bad.csv", "--time-column", f"x{EVIL}"),
        ("bad.csv", "--key", f"x{EVIL}"),
        ("bad.csv", "--config", "bad.yaml"),
        ("bad.csv", "--config", "key.yaml", "-v"),
        ("bad.csv", "--output", f"none/{NAME}"),
        ("bad.csv", "--checkpoint", f"none/{NAME}"),
        ("bad.csv", "--log-file", f"none/{NAME}"),
        (f"--{EVIL}",),
        (f"-output{EVIL}",),
        ("--window", EVIL),
        ("--format", EVIL),
        ("--delimiter", EVIL),
        ("candles", EVIL),
        ("candles", "--rows", EVIL),
        ("completion", EVIL),
        ("verify", "bad.csv"),
        ("verify", NAME, "good.csv"),
        ("verify", "--manifest", NAME),
        ("checkpoint", NAME),
        ("good.csv", "--output", NAME, "--signals", NAME),
    ],
)
def test_every_way_to_a_terminal(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Names, arguments, columns, cells and settings are escaped in errors, hints, usage, log lines and tables."""
    (tmp_path / "good.csv").write_text(PLAIN)
    (tmp_path / "bad.csv").write_text(f"{COLUMN},close\n{COLUMN},1\n{COLUMN},{COLUMN}\n")
    (tmp_path / "bad.yaml").write_text(settings_yaml(**{f"x{EVIL}": EVIL}))
    (tmp_path / "key.yaml").write_text(settings_yaml(column=f"x{EVIL}"))
    done = run_in_process(*arguments, cwd=tmp_path)
    assert done.code != 0
    assert any(lines_of(done.stderr))
    lines_of(done.stdout.decode())


def test_a_checkpoint_in_words(tmp_path: Path) -> None:
    """What a checkpoint has of others is escaped where it is shown, and the settings stay YAML."""
    (tmp_path / NAME).write_text("time,x\x1b[31m\n60,1\n")
    run_in_process(NAME, "--column", "x\x1b[31m", "--checkpoint", "c.json", cwd=tmp_path)
    assert lines_of(run_in_process("checkpoint", "c.json", cwd=tmp_path).stdout.decode())[1] == "rows: 1"
    (tmp_path / NAME).write_text(settings_yaml())
    done = run_in_process("--config", NAME, "--print-config", cwd=tmp_path)
    assert lines_of(done.stdout.decode())[0].startswith("seed: 42 ")


@pytest.mark.skipif(os.name == "nt", reason="file names are text")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    """The bytes of a name that are no UTF-8 are shown as escapes too."""
    name = os.fsdecode(b"\xff\x1b[31m.csv")
    (tmp_path / name).write_bytes(b"PK")
    done = run_command(name, "-v", cwd=tmp_path)
    assert r"\udcff\x1b[31m.csv" in done.stderr
    lines_of(done.stderr)
