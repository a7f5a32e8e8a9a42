"""The command as a user meets it: arguments, exit codes, outputs that fail."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stream_signal import __version__
from support.cases import DATA, SUCCESS
from support.commands import COMMAND, metrics_of, run_command

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-"],
        ["--input", "-"],
        ["data.csv"],
        ["--input", "data.csv"],
        ["--input=data.csv"],
        ["--output", "-", "data.csv"],
    ],
    ids=" ".join,
)
def test_every_door(arguments: list[str], folder: Path) -> None:
    """A path, --input, - and nothing give the same metrics on stdout, and nothing on stderr."""
    done = run_command(*arguments, stdin=DATA, cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    assert metrics_of(done.stdout) == SUCCESS


def test_python_m(folder: Path) -> None:
    """`python -m stream_signal` is the same command."""
    done = subprocess.run(
        [sys.executable, "-m", "stream_signal", "data.csv"], cwd=folder, capture_output=True, check=True
    )
    assert metrics_of(done.stdout) == SUCCESS


def test_several_inputs(folder: Path) -> None:
    """Several paths are one stream in the order given; stdin may be one of them."""
    (folder / "b.csv").write_bytes(b"\xef\xbb\xbfhttps://example.com\n" + DATA.rstrip(b"\n"))
    done = run_command("data.csv", "-", "--window", "9", "b.csv", stdin=DATA, cwd=folder)
    assert done.record["rows_processed"] == 21
    by_name = run_command(
        "--input", "data.csv", "--input", "-", "--input", "b.csv", "--window", "9", stdin=DATA, cwd=folder
    )
    assert metrics_of(by_name.stdout) == metrics_of(done.stdout)


def test_an_error_in_the_second_input_names_it(folder: Path) -> None:
    """With several inputs, a bad line is named by its file, and counted from that file's start."""
    (folder / "b.csv").write_bytes(DATA + b"1,2\n")
    done = run_command("data.csv", "b.csv", cwd=folder)
    assert (done.code, done.record["error_message"]) == (1, "b.csv: line 9: expected 6 fields, found 2")


def test_help_and_version(folder: Path) -> None:
    """--help and --version go to stdout, exit 0."""
    done = run_command("--version", cwd=folder)
    assert (done.code, done.stdout.decode()) == (0, f"stream-signal {__version__}\n")
    done = run_command("--help", cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(b"usage: stream-signal")


def test_a_terminal_on_stdin(folder: Path) -> None:
    """With no path and a terminal on stdin, the help appears instead of a wait, and the exit code is 2."""
    main, terminal = pty.openpty()
    done = subprocess.run([COMMAND], stdin=terminal, cwd=folder, capture_output=True, timeout=30, check=False)
    os.close(main)
    os.close(terminal)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"usage: stream-signal")


def test_a_terminal_asked_for(folder: Path) -> None:
    """With -, a terminal is read like any pipe, to its end-of-file key."""
    main, terminal = pty.openpty()
    with subprocess.Popen([COMMAND, "-"], stdin=terminal, cwd=folder, stdout=subprocess.PIPE) as process:
        os.close(terminal)
        os.write(main, DATA + b"\x04")
        assert process.stdout
        assert metrics_of(process.stdout.read()) == SUCCESS
    os.close(main)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["candles"]], ids=["job", "help", "candles"])
def test_the_reader_of_stdout_has_gone(arguments: list[str], folder: Path) -> None:
    """A closed pipe on stdout ends the command quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [COMMAND, *arguments], input=DATA, cwd=folder, stdout=writer, stderr=subprocess.PIPE, timeout=30, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "arguments",
    [[], ["candles"], ["formats"], ["--help"], ["candles", "--help"], ["--version"], ["--print-config"]],
    ids=" ".join,
)
def test_stdout_is_full(arguments: list[str], folder: Path) -> None:
    """A full disk under stdout is exit 1 and one line on stderr."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [COMMAND, *arguments], input=DATA, cwd=folder, stdout=full, stderr=subprocess.PIPE, timeout=30, check=False
        )
    assert done.returncode == 1
    assert done.stderr == b"stream-signal: cannot write to stdout: No space left on device\n"


def test_stdout_is_closed(folder: Path) -> None:
    """A stdout closed from the start is exit 1 and one line on stderr; no other file gets the metrics instead."""
    done = subprocess.run(
        f'exec "{COMMAND}" data.csv --log-file run.log >&-',
        shell=True,
        cwd=folder,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    message, hint = done.stderr.decode().splitlines()
    assert message == "stream-signal: cannot write to stdout: it is closed"
    assert hint == "stream-signal: give --output FILE"
    assert "signal_rate" not in (folder / "run.log").read_text()


def test_stderr_is_closed(folder: Path) -> None:
    """Without a stderr, the record and the exit code still tell."""
    done = subprocess.run(
        f'exec "{COMMAND}" none.csv 2>&-', shell=True, cwd=folder, stdout=subprocess.PIPE, timeout=30, check=False
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["status"] == "error"


def test_the_working_directory_is_gone(tmp_path: Path) -> None:
    """A pipe is counted even if the folder that the command runs in was deleted."""
    done = subprocess.run(
        f'mkdir gone && cd gone && rmdir ../gone && exec "{COMMAND}" --window 1',
        shell=True,
        cwd=tmp_path,
        input=b"close\n1\n",
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert metrics_of(done.stdout)["rows_processed"] == 1


def test_an_error_is_one_line(folder: Path) -> None:
    """A message with line ends in it, such as a path, is still one line; so is its hint."""
    done = run_command("a\nb.csv", cwd=folder)
    assert done.stderr.count("\n") == 2
    done = run_command("--config", "c\nd.yaml", cwd=folder)
    assert done.stderr.count("\n") == 2
