"""What a person does with the lines on stderr: finds those that can be typed, and types them."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from support.commands import Done, run_in_process

if TYPE_CHECKING:
    from pathlib import Path

_LINE = re.compile(r"^stream-signal(?: verify)?: (?:try|either|or) (.*\bstream-signal\b.*)$", re.MULTILINE)
_PARTS = re.compile(r"(?:(?P<before>.*?) (?P<joint>\||&&) )?stream-signal(?P<arguments>(?: .*)?)", re.DOTALL)


def proposed(stderr: str) -> list[str]:
    """List the command lines on stderr, the first to be tried first."""
    return _LINE.findall(stderr)


def type_line(line: str, folder: Path, stdin: bytes = b"") -> Done:
    """Type a command line, or `stdin |` before it: the shell reads it, but stream-signal runs in this process."""
    parts = re.fullmatch(_PARTS, line)
    assert parts, line
    if parts["before"]:
        printed = _bash(parts["before"], folder, stdin)
        stdin = printed if parts["joint"] == "|" else stdin
    arguments = _bash(f"printf '%s\\0'{parts['arguments']}", folder).split(b"\0")[:-1] if parts["arguments"] else []
    return run_in_process(*(each.decode(errors="surrogateescape") for each in arguments), stdin=stdin, cwd=folder)


def _bash(command: str, folder: Path, stdin: bytes = b"") -> bytes:
    shell = ["bash", "-o", "pipefail", "-c", command]
    return subprocess.run(shell, cwd=folder, input=stdin, capture_output=True, check=True).stdout
