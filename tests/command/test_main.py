"""The command as a user meets it: arguments, exit codes, outputs that fail."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from support.candle_csv import candle_csv
from support.commands import COMMAND, metrics_of, run_command

from stream_signal import __version__

if TYPE_CHECKING:
    from pathlib import Path

DATA = candle_csv(["4.58", "4.58", "4.59", "4.57", "4.60", "4.60", "4.61"])
SUCCESS = {
    "version": "v1",
    "rows_processed": 7,
    "metric": "signal_rate",
    "value": 3 / 7,
    "seed": 42,
    "status": "success",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with data.csv in it."""
    (tmp_path / "data.csv").write_bytes(DATA)
    return tmp_path


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


def test_output_file(folder: Path) -> None:
    """--output writes the metrics indented by four, says nothing on stdout, and leaves nothing else behind."""
    done = run_command("data.csv", "--output", "m.json", cwd=folder)
    assert (done.code, done.stdout, done.stderr) == (0, b"", "")
    text = (folder / "m.json").read_bytes()
    assert metrics_of(text) == SUCCESS
    assert text.decode() == json.dumps(json.loads(text), indent=4) + "\n"
    assert sorted(os.listdir(folder)) == ["data.csv", "m.json"]


def test_the_error_record_replaces_the_metrics(folder: Path) -> None:
    """A failure goes where the metrics would have gone, so that no old success is left to be believed."""
    (folder / "m.json").write_text("old")
    done = run_command("--input", "none.csv", "--output", "m.json", cwd=folder)
    message = "cannot read 'none.csv': No such file or directory"
    assert (done.code, done.stdout, done.stderr) == (1, b"", f"stream-signal: {message}\n")
    text = (folder / "m.json").read_text()
    assert json.loads(text) == {"version": "v1", "status": "error", "error_message": message}
    assert list(json.loads(text)) == ["version", "status", "error_message"]
    assert text.startswith('{\n    "version"')


@pytest.mark.parametrize(
    ("path", "reason"), [("none.csv", "No such file"), (".", "Is a directory"), ("a/b", "No such file")]
)
def test_unreadable_input(path: str, reason: str, folder: Path) -> None:
    """An input that cannot be read is named, with the reason of the system."""
    done = run_command("--input", path, cwd=folder)
    assert done.code == 1
    assert done.record["error_message"].startswith(f"cannot read {path!r}: {reason}")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--no-such-flag"], "unrecognized arguments: --no-such-flag"),
        (["--win", "5"], "unrecognized arguments: --win"),
        (["--window", "0"], "expected an integer from 1 to 1000000000, found '0'"),
        (["--window", "-1"], "expected an integer from 1 to 1000000000, found '-1'"),
        (["--window", "5.0"], "found '5.0'"),
        (["--window", "1" * 5000], "expected an integer from 1 to 1000000000"),
        (["--window", "\u0665"], "expected an integer"),
        (["--column", ""], "found nothing"),
        (["--column", "0"], "found '0'"),
        (["--output"], "expected one argument"),
        (["a.csv", "--input", "b.csv"], "not both"),
        (["data.csv", "--output", "data.csv"], "that is an input, and would be overwritten"),
        (["--input", "data.csv", "--log-file", "./data.csv"], "that is an input, and would be overwritten"),
        (["data.csv", "--output", "config.yaml"], "that is the config, and would be overwritten"),
        (["data.csv", "--output", "m", "--log-file", "m"], "that is the output, and would be overwritten"),
        (["data.csv", "--output", ""], "expected a path, found nothing"),
        (["data.csv", "--log-file", ""], "expected a path, found nothing"),
        (["data.csv", "--log-file", "-"], "-v tells what happens on stderr"),
        (["data.csv", "--config", ""], "expected a path, found nothing"),
        (["--input", ""], "expected a path, found nothing"),
        (["candles", "--rows", "x"], "expected an integer"),
        (["candles", "--seed", "-1"], "expected an integer"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_usage(arguments: list[str], complaint: str, folder: Path) -> None:
    """A wrong command line exits with 2, says what is wrong on stderr, writes nothing, and touches no file."""
    done = run_command(*arguments, stdin=DATA, cwd=folder)
    assert (done.code, done.stdout) == (2, b"")
    assert complaint in done.stderr
    assert (folder / "data.csv").read_bytes() == DATA
    assert os.listdir(folder) == ["data.csv"]


@pytest.mark.parametrize("flag", ["--output", "--log-file"])
def test_the_input_has_many_names(flag: str, folder: Path) -> None:
    """Data that comes in as stdin, or by another link, is not written over either."""
    (folder / "link.csv").hardlink_to(folder / "data.csv")
    with (folder / "data.csv").open("rb") as data:
        commands = [([flag, "data.csv"], data), (["data.csv", flag, "link.csv"], None)]
        for arguments, stdin in commands:
            done = subprocess.run(
                [COMMAND, *arguments], cwd=folder, stdin=stdin, capture_output=True, timeout=30, check=False
            )
            assert (done.returncode, done.stdout) == (2, b"")
            assert b"that is an input, and would be overwritten" in done.stderr
    assert (folder / "data.csv").read_bytes() == DATA


def test_devices_may_be_named_twice(folder: Path) -> None:
    """/dev/null can be the input's, the output's and the log's."""
    done = subprocess.run(
        [COMMAND, "data.csv", "--output", "/dev/null", "--log-file", "/dev/null"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("output", ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"])
def test_an_output_that_is_a_pipe(output: str, folder: Path) -> None:
    """A pipe by its name in the file system is written like any other device, indented like a file."""
    done = run_command("data.csv", "--output", output, cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(b'{\n    "version"')
    assert metrics_of(done.stdout) == SUCCESS


def test_an_unforeseen_error(folder: Path) -> None:
    """A defect of our own is one line, an error record and exit 1; its traceback goes to the log with -vv."""
    script = (
        "import sys; from stream_signal.inputs import plain; from stream_signal.command.main import main\n"
        "def fail(*_): raise RuntimeError('out of cheese')\n"
        "plain.read_chunks = fail\n"
        "sys.exit(main(['data.csv', '--log-file', 'run.log', '-vv']))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, check=False)
    assert done.returncode == 1
    message = "internal error: RuntimeError: out of cheese"
    assert json.loads(done.stdout)["error_message"] == message
    assert done.stderr.endswith(f"stream-signal: {message}\n".encode())
    assert b"Traceback" not in done.stderr
    assert "RuntimeError: out of cheese" in json.loads((folder / "run.log").read_text().splitlines()[-1])["exception"]


def test_a_hostile_close_is_refused_at_once(folder: Path) -> None:
    """A close of 128 KiB that fails at its last byte is refused at once, not once for each way to read it."""
    for close in ("1e" + "0" * 130_000 + "x", "1" * 130_000 + "x", "0." + "1" * 130_000 + "x"):
        done = run_command(stdin=f"close\n1\n{close}\n".encode(), cwd=folder)
        assert done.record["error_message"].startswith("line 3: expected a decimal number")


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


def test_stdin_is_closed(folder: Path) -> None:
    """A closed stdin is an error, and no other file is read in its stead."""
    done = subprocess.run(f'exec "{COMMAND}" <&-', shell=True, cwd=folder, capture_output=True, timeout=30, check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error_message"] == "cannot read stdin: it is closed"


def test_a_non_blocking_pipe(folder: Path) -> None:
    """A pipe that was made non-blocking is waited for all the same."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with subprocess.Popen([COMMAND], stdin=reader, cwd=folder, stdout=subprocess.PIPE) as process:
        os.close(reader)
        for at in range(0, len(DATA), 50):
            os.write(writer, DATA[at : at + 50])
        os.close(writer)
        assert process.stdout
        assert metrics_of(process.stdout.read()) == SUCCESS


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


@pytest.mark.parametrize("arguments", [[], ["candles"]], ids=["job", "candles"])
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
    assert done.stderr == b"stream-signal: cannot write to stdout: it is closed\n"
    assert "signal_rate" not in (folder / "run.log").read_text()


def test_output_is_full(folder: Path) -> None:
    """A device is written, not replaced; where it is full, exit 1."""
    done = run_command("data.csv", "--output", "/dev/full", cwd=folder)
    assert (done.code, done.stdout) == (1, b"")
    assert done.stderr == "stream-signal: cannot write '/dev/full': No space left on device\n"


def test_output_cannot_be_written(folder: Path) -> None:
    """An output that cannot be written is found before any row is read: the pipe is left as it was."""
    reader, writer = os.pipe()
    os.write(writer, DATA)
    done = subprocess.run(
        [COMMAND, "--output", "no/such/m.json"], stdin=reader, cwd=folder, capture_output=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"stream-signal: cannot write 'no/such/m.json': there is no folder 'no/such'\n"
    assert os.read(reader, 65536) == DATA
    os.close(reader)
    os.close(writer)


def test_stderr_is_closed(folder: Path) -> None:
    """Without a stderr, the record and the exit code still tell."""
    done = subprocess.run(
        f'exec "{COMMAND}" none.csv 2>&-', shell=True, cwd=folder, stdout=subprocess.PIPE, timeout=30, check=False
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["status"] == "error"


def test_an_error_is_one_line(folder: Path) -> None:
    """A message with line ends in it, such as a path, is still one line."""
    done = run_command("a\nb.csv", cwd=folder)
    assert done.stderr.count("\n") == 1
    done = run_command("--config", "c\nd.yaml", cwd=folder)
    assert done.stderr.count("\n") == 1


def test_a_path_that_is_no_text(folder: Path) -> None:
    """A path whose bytes are no UTF-8 can be read, and named in an error."""
    name = os.fsdecode(b"\xff.csv")
    done = run_command(name, cwd=folder)
    assert done.code == 1
    assert "\\udcff.csv" in done.record["error_message"]
    (folder / name).write_bytes(DATA)
    assert metrics_of(run_command(name, cwd=folder).stdout) == SUCCESS


def test_a_quiet_job_loads_neither_numpy_nor_structlog(folder: Path) -> None:
    """A small job without a log starts without NumPy, structlog, YAML or csv."""
    script = (
        "import sys; from stream_signal.command.main import main; code = main(['data.csv']); "
        "print(code, {'numpy', 'structlog', 'yaml', 'dataclasses', 'asyncio'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, check=True)
    assert done.stderr == b"0 set()\n"
