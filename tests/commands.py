"""Run the installed command as a user does: a process, its pipes and its files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
COMMAND = str(Path(sys.executable).parent / "stream-signal")


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


def run_command(*arguments: str, stdin: bytes | None = b"", cwd: Path, **options: Any) -> Done:
    """Run `stream-signal` to its end."""
    done = subprocess.run(
        [COMMAND, *arguments], input=stdin, cwd=cwd, capture_output=True, timeout=60, check=False, **options
    )
    assert b"Traceback" not in done.stderr
    return Done(done.returncode, done.stdout, done.stderr.decode())


def logged(folder: Path, *kinds: str) -> list[dict[str, Any]]:
    """Read those events of run.log, without their times and levels."""
    found = [json.loads(line) for line in (folder / "run.log").read_text().splitlines()]
    return [
        {key: value for key, value in event.items() if key not in {"timestamp", "level"}}
        for event in found
        if event["event"] in kinds
    ]


def settings_yaml(**settings: Any) -> str:
    """Write a config file; JSON is YAML."""
    return json.dumps({"seed": 42, "window": 5, "version": "v1"} | settings)
