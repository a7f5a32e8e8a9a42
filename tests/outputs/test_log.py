"""The log: JSON Lines for machines, words on stderr for people, nothing unless asked for."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal import Config, __version__
from support.candle_csv import candle_csv
from support.commands import COMMAND, logged, run_in_process, run_script, settings_yaml
from support.processes import start, wait_until_read
from support.scripts import BREAK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STEPS = ["period", "rolling mean", "signals"]
DATA = b"https://example.com\n" + candle_csv(["1", "2", "", "4", "", "6", "", "8", "", "x"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with data that needs repairs, and the config that allows them."""
    (tmp_path / "data.csv").write_bytes(DATA)
    (tmp_path / "config.yaml").write_text('seed: 42\nwindow: 2\nversion: "v1"\nbad_rows: missing\n')
    return tmp_path


def events(folder: Path) -> list[dict[str, Any]]:
    """Read the log; every line has a level and a UTC time, which are taken out."""
    found = []
    for line in (folder / "run.log").read_text().splitlines():
        event = json.loads(line)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", event.pop("timestamp"))
        assert event.pop("level") in {"info", "warning", "error"}
        found.append(event)
    return found


def test_the_story_of_a_job(folder: Path) -> None:
    """The log tells of the start with its settings, the header, the input, every kind of repair, and the end."""
    done = run_in_process("data.csv", "--log-file", "run.log", cwd=folder)
    started, config_found, header, *noticed, read, repairs, period, mean, signals, bad, missing, finished = events(
        folder
    )
    assert started.pop("versions") == {"stream_signal": __version__, "python": __import__("platform").python_version()}
    assert started == {
        "event": "job started",
        "config": {**Config(window=2, bad_rows="missing")._asdict(), "windows": []},
        "inputs": ["data.csv"],
    }
    assert config_found == {"event": "config found", "path": "config.yaml", "ignore": "--no-config"}
    assert header == {
        "event": "header read",
        "input": "data.csv",
        "columns": ["timestamp", "open", "high", "low", "close", "volume"],
        "column": 5,
        "delimiter": ",",
        "skipped_lines": 1,
    }
    assert read == {"event": "input read", "input": "data.csv", "bytes": len(DATA), "rows": 10}
    assert noticed == [
        {"event": "noticed", "kind": kind, "first": places[0]} for kind, places in repairs["first"].items()
    ]
    assert repairs == {
        "event": "repairs",
        "preamble_lines": 1,
        "missing_closes": 4,
        "bad_rows": 1,
        "first": {
            "preamble_lines": ["line 1: 'https://example.com'"],
            "missing_closes": ["line 5", "line 7", "line 9"],
            "bad_rows": ["line 12: expected a decimal number in column 'close', found 'x'"],
        },
    }
    assert period == {
        "event": "period",
        "first": "2023-11-14 22:13:20",
        "last": "2023-11-14 22:22:20",
        "usual_seconds": 60.0,
        "missing_seconds": 0.0,
        "longest_gap_seconds": None,
        "longest_gap_row": None,
        "is_about": False,
    }
    assert mean == {"event": "rolling mean", "window": 2, "rows_with_mean": 1}
    assert signals == {"event": "signals", "count": 1, "rate": 1 / 10}
    for doubt, kind, line in zip((bad, missing), ("bad_rows", "missing_closes"), done.stderr.splitlines(), strict=True):
        assert doubt == {"event": "doubt", "kind": kind, "text": line.removeprefix("stream-signal: ")}
    assert finished == {"event": "job finished"} | done.record


def test_several_inputs_are_named(folder: Path) -> None:
    """With several inputs, a repair is named by its file; the header of each file is none."""
    (folder / "b.csv").write_bytes(DATA)
    assert run_in_process("data.csv", "b.csv", "--log-file", "run.log", cwd=folder).code == 0
    (repairs,) = (event for event in events(folder) if event["event"] == "repairs")
    assert "repeated_headers" not in repairs
    assert repairs["first"]["preamble_lines"] == [
        "data.csv: line 1: 'https://example.com'",
        "b.csv: line 1: 'https://example.com'",
    ]


def test_noticed_once(folder: Path) -> None:
    """What an earlier run has noticed is not noticed again by the one that resumes; what is new is."""
    arguments = ("data.csv", "--log-file", "run.log", "--checkpoint", "state.json", "--quiet")
    (folder / "data.csv").write_bytes(candle_csv(["1", "", "3", "4"]) + candle_csv(["5"], header=False))
    assert run_in_process(*arguments, cwd=folder).code == 0
    first = [event["kind"] for event in logged(folder, "noticed")]
    assert first == ["missing_closes", "backwards"]
    with (folder / "data.csv").open("ab") as file:
        file.write(b"\n" + candle_csv(["", "6"], header=False))
    assert run_in_process(*arguments, cwd=folder).code == 0
    assert [event["kind"] for event in logged(folder, "noticed")] == [*first, "blank_lines", "repeated"]


@pytest.mark.parametrize("flags", [[], ["--strict"]])
def test_an_order_that_is_not_checked(flags: list[str], folder: Path) -> None:
    """Where there is no timestamp column, the log says so; it is no doubt, but --time-column requires one."""
    (folder / "data.csv").write_bytes(b"close,volume\n" + b"1,2\n" * 9)
    assert run_in_process("data.csv", *flags, "--log-file", "run.log", cwd=folder).code == 0
    [told] = [event for event in events(folder) if event["event"] == "order not checked"]
    assert told == {"event": "order not checked", "input": "data.csv", "why": "no timestamp column"}
    assert run_in_process("data.csv", *flags, "--time-column", "time", cwd=folder).code == 1


def test_a_failure_is_logged(folder: Path) -> None:
    """A failed job ends its log with the error and its kind; the log is appended to, run after run."""
    (folder / "config.yaml").unlink()
    for _ in range(2):
        assert run_in_process("data.csv", "--log-file", "run.log", cwd=folder).code == 1
    found = events(folder)
    message = "line 12: expected a decimal number in column 'close', found 'x'"
    assert [event["event"] for event in found] == ["job started", "header read", "repairs", "job failed"] * 2
    hint = "1 of 10 rows cannot be read; if such rows may count without a close: try --bad-rows missing"
    assert found[-1] == {"event": "job failed", "error": message, "kind": "DataError", "hint": hint}


def test_a_wrong_config_is_logged(folder: Path) -> None:
    """A job that fails at its config has a log too."""
    (folder / "config.yaml").write_text("window: 5\n")
    assert run_in_process("data.csv", "--log-file", "run.log", cwd=folder).code == 1
    assert events(folder) == [
        {
            "event": "job failed",
            "error": "config.yaml: missing required keys: 'seed', 'version'",
            "kind": "ConfigError",
            "hint": 'add lines such as seed: 42 and version: "v1", or ignore ./config.yaml: try --no-config',
        }
    ]


def test_a_traceback_goes_to_the_log_alone(folder: Path) -> None:
    """With -vv the log has the traceback; stderr never has (as every test of the command checks)."""
    (folder / "config.yaml").unlink()
    done = run_in_process("data.csv", "--log-file", "run.log", "-vv", cwd=folder)
    assert "job failed" in done.stderr
    assert "Traceback" in events(folder)[-1]["exception"]


def test_verbose(folder: Path) -> None:
    """-v tells the same events on stderr, without colour where it is no terminal; stdout stays the product."""
    done = run_in_process("data.csv", "-v", cwd=folder)
    told = re.findall(r"(job started|header read|input read|repairs|job finished)  ", done.stderr)
    assert told == ["job started", "header read", "input read", "repairs", "job finished"]
    assert "\x1b" not in done.stderr
    assert done.record["rows_processed"] == 10


@pytest.mark.parametrize("take_away", [lambda path: path.rename(f"{path}.1"), lambda path: path.unlink()])
def test_a_log_that_is_rotated(take_away: Callable[[Path], object], tmp_path: Path) -> None:
    """A log that was renamed, as logrotate does, or removed is opened anew: what comes later is in the new one."""
    with start(tmp_path, "--log-file", "run.log") as process:
        wait_until_read(process)
        before = logged(tmp_path, "job started", "header read")
        take_away(tmp_path / "run.log")
        process.communicate(timeout=30)
    assert [event["event"] for event in before] == ["job started", "header read"]
    assert [event["event"] for event in events(tmp_path)] == ["input read", *STEPS, "job finished"]


def test_a_log_that_cannot_be_opened_anew(tmp_path: Path) -> None:
    """A log that is gone, with its folder, is an error that names it, as it is at the start; the job is no defect."""
    (tmp_path / "logs").mkdir()
    with start(tmp_path, "--log-file", "logs/run.log") as process:
        wait_until_read(process)
        (tmp_path / "logs" / "run.log").rename(tmp_path / "run.log.1")
        (tmp_path / "logs").rmdir()
        stdout, stderr = process.communicate(b"\n", timeout=30)  # a blank line is something to log
    message = "cannot write the log 'logs/run.log': there is no folder 'logs'"
    assert (process.returncode, json.loads(stdout)["error_message"]) == (1, message)
    assert f"stream-signal: {message}\n".encode() in stderr


def test_a_log_on_stderr(folder: Path) -> None:
    """With `--log-file -`, stderr holds the JSON Lines of the log and nothing else, however the job ends, -v or not."""
    lenient, strict = ("data.csv", "-v"), ("data.csv", "--config", "strict.yaml", "--checkpoint", "state.json")
    (folder / "strict.yaml").write_text(settings_yaml())
    with start(folder, "--log-file", "-") as process:
        wait_until_read(process)
        process.terminate()
        _, stopped = process.communicate(timeout=30)
    for stderr, last in (
        (run_in_process(*lenient, "--log-file", "-", cwd=folder).stderr, "job finished"),
        (run_in_process(*strict, "--log-file", "-", cwd=folder).stderr, "job failed"),
        (run_in_process("no.csv", "--log-file", "-", cwd=folder).stderr, "job failed"),
        (stopped.decode(), "job failed"),
    ):
        found = [json.loads(line) for line in stderr.splitlines()]
        assert found[-1]["event"] == last
        assert "timestamp" in found[-1]


def test_what_stderr_would_say_is_in_the_log(folder: Path) -> None:
    """What a failed job adds to its message, and why its record could not be written, is in the log as well."""
    arguments = ("--checkpoint", "state.json", "--output", "m.json", "--log-file", "-")
    text = candle_csv(["1", "x"])
    (folder / "config.yaml").unlink()
    done = run_script(BREAK, "replace", ".stream-signal.", "ENOSPC", *arguments, cwd=folder, stdin=text)
    failed, unwritten = (json.loads(line) for line in done.stderr.splitlines()[-2:])
    assert (failed["event"], failed["notes"]) == ("job failed", ["the next row to send is row 1"])
    reason = "cannot write 'm.json': No space left on device"
    assert (unwritten["event"], unwritten["reason"]) == ("record not written", reason)


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour(no_color: str, coloured: bool, folder: Path) -> None:  # noqa: FBT001
    """On a terminal there is colour, unless NO_COLOR is set."""
    main, terminal = pty.openpty()
    subprocess.run(
        [COMMAND, "data.csv", "-v"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        env=os.environ | {"NO_COLOR": no_color, "TERM": "xterm"},
        timeout=30,
        check=True,
    )
    os.close(terminal)
    shown = os.read(main, 65536)
    os.close(main)
    assert (b"\x1b[" in shown) is coloured


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (
            "no/run.log",
            (
                "there is no folder 'no'\nstream-signal: make it\n"
                "stream-signal: try mkdir -p no && stream-signal --log-file no/run.log"
            ),
        ),
        (".", "it is a folder\nstream-signal: name a file in it"),
        ("/dev/full", "No space left on device"),
        ("fifo", "No such device or address"),
    ],
)
def test_a_log_that_cannot_be_written(path: str, reason: str, folder: Path) -> None:
    """A log that cannot be written is an error before any row is read: the pipe is left as it was."""
    os.mkfifo(folder / "fifo")
    reader, writer = os.pipe()
    os.write(writer, DATA)
    done = subprocess.run(
        [COMMAND, "--log-file", path], cwd=folder, stdin=reader, capture_output=True, timeout=30, check=False
    )
    message = f"cannot write the log {path!r}: {reason}"
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "version": "v1",
        "status": "error",
        "error_message": message.partition("\n")[0],
    }
    assert done.stderr == f"stream-signal: {message}\n".encode()
    assert os.read(reader, 65536) == DATA
    os.close(reader)
    os.close(writer)
