"""Run the installed command as a user does: a process, its pipes and its files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from stream_signal.command.flags import HIDDEN
from stream_signal.command.main import main
from stream_signal.core.config import Config, configured
from stream_signal.core.config_yaml import read_settings
from support.oracle import count
from support.outputs import Outputs

if TYPE_CHECKING:
    from argparse import Action, ArgumentParser
    from collections.abc import Iterator


REPOSITORY = Path(__file__).resolve().parents[2]
# The tests themselves may run with a width that is no terminal's.
WITHOUT_COLUMNS = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
COMMAND = str(Path(sys.executable).parent / "stream-signal")


def flags_of(parser: ArgumentParser) -> list[Action]:
    """Return the flags that a parser shows."""
    return [action for action in parser._actions if action.option_strings and action.help != HIDDEN]  # noqa: SLF001


class Done(NamedTuple):
    """How a run ended."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def record(self) -> dict[str, Any]:
        """The metrics or the error record on stdout."""
        found = json.loads(self.stdout)
        assert isinstance(found, dict)
        return found


def without_latency(stdout: str) -> str:
    """Take out the one figure that differs from run to run."""
    return re.sub(r'"latency_ms": \d+', '"latency_ms": 0', stdout)


def run_command(*arguments: str, stdin: bytes | None = b"", cwd: Path, **options: Any) -> Done:
    """Run `stream-signal` to its end; what it writes is as the schemas say."""
    outputs = Outputs(arguments, cwd)
    done = subprocess.run(
        [COMMAND, *arguments], input=stdin, cwd=cwd, capture_output=True, timeout=60, check=False, **options
    )
    assert b"Traceback" not in done.stderr
    outputs.check(done.stdout, done.stderr)
    return Done(done.returncode, done.stdout, done.stderr.decode())


def run_in_process(*arguments: str, stdin: bytes = b"", cwd: Path) -> Done:
    """Run `stream-signal` to its end within this process, on pipes like one of its own, at a fiftieth of the cost.

    Not with workers: what multiprocessing starts for them outlives the job, and keeps its pipes open.
    """
    outputs = Outputs(arguments, cwd)
    into, out, err = os.pipe(), os.pipe(), os.pipe()
    with ThreadPoolExecutor() as threads:
        threads.submit(_write_all, into[1], stdin)
        stdout, stderr = (threads.submit(_read_all, reader) for reader, _ in (out, err))
        with chdir(cwd), _standard_streams(into[0], out[1], err[1]):
            try:
                code = main(list(arguments))
            except SystemExit as ended:  # as argparse ends
                code = cast("int", ended.code)
        done = Done(code, stdout.result(), stderr.result().decode())
    assert "Traceback" not in done.stderr
    outputs.check(done.stdout, done.stderr.encode())
    return done


def _write_all(descriptor: int, data: bytes) -> None:
    with suppress(BrokenPipeError), open(descriptor, "wb", buffering=0) as pipe:
        rest = memoryview(data)
        while rest:
            rest = rest[pipe.write(rest) :]


def _read_all(descriptor: int) -> bytes:
    with open(descriptor, "rb", buffering=0) as pipe:
        return pipe.read()


@contextmanager
def _standard_streams(*descriptors: int) -> Iterator[None]:
    """Put descriptors in the place of 0, 1 and 2, and of what Python makes of them; close them at the end."""
    kept, streams = [os.dup(number) for number in range(3)], (sys.stdin, sys.stdout, sys.stderr)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    try:
        with (
            open(0, closefd=False) as sys.stdin,
            open(1, "w", closefd=False) as sys.stdout,
            open(2, "w", closefd=False) as sys.stderr,
        ):
            yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        for number, descriptor in enumerate(kept):
            os.dup2(descriptor, number)
            os.close(descriptor)


def logged(folder: Path, *kinds: str) -> list[dict[str, Any]]:
    """Read the events of those kinds from run.log, without timestamps and levels."""
    found = [json.loads(line) for line in (folder / "run.log").read_text().splitlines()]
    return [
        {key: value for key, value in event.items() if key not in {"timestamp", "level"}}
        for event in found
        if event["event"] in kinds
    ]


def settings_yaml(**settings: Any) -> str:
    """Write a config file; JSON is YAML."""
    return json.dumps({"seed": 42, "window": 5, "version": "v1"} | settings)


def parse_config(data: bytes, **flags: Any) -> Config:
    """Make the config of the bytes of a config file, with the settings of the command line on top."""
    return configured(read_settings(data, Config), flags)


def run_script(script: str, *arguments: str, cwd: Path, stdin: bytes = b"") -> Done:
    """Run a script that runs the command."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], input=stdin, cwd=cwd, capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr.decode())


def metrics_of(stdout: bytes) -> dict[str, object]:
    """Read the metrics; the latency, which varies, is checked and removed."""
    record = json.loads(stdout)
    assert list(record) == [
        "version",
        "rows_processed",
        "metric",
        "value",
        "latency_ms",
        "seed",
        "status",
    ]
    latency = record.pop("latency_ms")
    assert type(latency) is int
    assert latency >= 0
    assert isinstance(record, dict)
    return record


def check_metrics(folder: Path, closes: list[str]) -> None:
    """Check the metrics against the oracle."""
    rows, signals = count(closes, 5)
    record = json.loads((folder / "m.json").read_text())
    assert (record["status"], record["rows_processed"], record["value"]) == ("success", rows, signals / rows)
