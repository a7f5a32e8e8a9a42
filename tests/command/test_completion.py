"""Completion knows every flag of the parsers, and real shells take it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stream_signal.command.completion import script as script_of
from stream_signal.command.flags import PARSERS, job_parser, parse, values_of
from stream_signal.command.main import _PRINTED
from support.cases import DATA
from support.commands import flags_of, run_in_process
from support.terminals import COLUMNS, Terminal, terminal

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("shtab")

SHELLS = ["bash", "zsh", "fish"]
JOB_FLAGS = {name for flag in flags_of(job_parser()) for name in flag.option_strings}
FLAGS = JOB_FLAGS.union(name for make in PARSERS.values() for flag in flags_of(make()) for name in flag.option_strings)

# Complete a command line in bash as readline does: split it into words, set what it sets, and print what is offered.
BASH = """
source "$1"
complete -p stream-signal > /dev/null || exit 1
COMP_LINE=$2 COMP_POINT=${#2}
read -ra COMP_WORDS <<< "$2"
[[ $2 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_shtab_stream_signal
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(folder: Path, request: pytest.FixtureRequest) -> str:
    """Write the script of a shell into a file; skip the test where there is no such shell."""
    shell = str(request.param)
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    path = folder / "_stream-signal"
    path.write_bytes(run_in_process("completion", shell, cwd=folder).stdout)
    return str(path)


def test_everything_has_all_commands() -> None:
    """The command, its parsers and its words know the same commands."""
    assert {*_PRINTED, "sniff", "verify"} == {*PARSERS}


@pytest.mark.parametrize("shell", SHELLS)
def test_each_script_has_all_flags(shell: str) -> None:
    """Each script names each flag of each command."""
    text = script_of(shell)
    if shell == "fish":
        found = {("--" if kind == "l" else "-") + name for kind, name in re.findall(r" -([ls]) ([\w-]+)", text)}
    else:
        found = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text))
    assert found >= FLAGS


def test_what_is_offered_is_allowed() -> None:
    """Each value that a shell offers is one that the flag takes."""
    for flag in flags_of(job_parser()):
        for value in values_of(flag):
            options = parse(job_parser(), [flag.option_strings[-1], value])
            assert flag.dest in vars(options)


def test_without_shtab(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that makes the scripts, the command says what to install."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    done = run_in_process("completion", "bash", cwd=folder)
    assert (done.code, done.stdout) == (1, b"")
    assert done.stderr.splitlines()[-1].endswith("pip install 'stream-signal[completion]'")


@pytest.mark.parametrize("script", ["bash"], indirect=True)
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("stream-signal --ver", {"--verbose", "--version", "--version-tag"}),
        ("stream-signal data.csv -", JOB_FLAGS),
        ("stream-signal --header ", {"true", "false", "auto"}),
        ("stream-signal --format kr", {"kraken"}),
        ("stream-signal -w ", set()),
        ("stream-signal -i d", {"data.csv"}),
        ("stream-signal --output d", {"data.csv"}),
        ("stream-signal d", {"data.csv"}),
        ("stream-signal data.csv d", {"data.csv"}),
        ("stream-signal f", {"formats", "file.csv"}),
        ("stream-signal candles --s", {"--seed", "--symbols"}),
        ("stream-signal completion ", {"bash", "zsh", "fish"}),
        ("stream-signal checkpoint --", {"--help", "--json"}),
        ("stream-signal verify --sam", {"--sample"}),
        ("stream-signal sniff --js", {"--json"}),
    ],
)
def test_bash(script: str, line: str, offered: set[str], folder: Path) -> None:
    """Bash offers the flags, their values, the commands and the files."""
    (folder / "file.csv").write_bytes(DATA)
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", script, line], cwd=folder, capture_output=True, text=True, check=True
    )
    assert (set(done.stdout.split()), done.stderr) == (offered, "")


def test_bash_and_files(folder: Path) -> None:
    """A file with a blank in its name is one word."""
    (folder / "two words.csv").write_bytes(DATA)
    path = folder / "script"
    path.write_text(script_of("bash"))
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", path, "stream-signal two"], cwd=folder, capture_output=True, check=True
    )
    assert done.stdout == b"two words.csv\n"


@pytest.mark.parametrize("script", ["fish"], indirect=True)
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("stream-signal --ver", {"--verbose", "--version", "--version-tag"}),
        ("stream-signal --header ", {"true", "false", "auto"}),
        ("stream-signal --header=t", {"--header=true"}),
        ("stream-signal -i da", {"data.csv"}),
        ("stream-signal ca", {"candles"}),
        ("stream-signal candles --s", {"--seed", "--symbols"}),
        ("stream-signal completion ", {"bash", "zsh", "fish"}),
    ],
)
def test_fish(script: str, line: str, offered: set[str], folder: Path) -> None:
    """Fish offers the flags, their values, the commands and the files."""
    done = subprocess.run(
        ["fish", "--no-config", "-c", 'source $argv[1]; complete -C "$argv[2]"', script, line],
        cwd=folder,
        env=os.environ | {"HOME": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ({found.partition("\t")[0] for found in done.stdout.splitlines()}, done.stderr) == (offered, "")


@pytest.mark.parametrize("script", ["zsh"], indirect=True)
@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("stream-signal --keys-o", "stream-signal --keys-output "),
        ("stream-signal --header au", "stream-signal --header auto"),
        ("stream-signal -i da", "stream-signal -i data.csv"),
        ("stream-signal da", "stream-signal data.csv"),
        ("stream-signal data.csv da", "stream-signal data.csv data.csv"),
        ("stream-signal cand", "stream-signal candles"),
        ("stream-signal candles --sy", "stream-signal candles --symbols "),
        ("stream-signal verify da", "stream-signal verify data.csv"),
        ("stream-signal data.csv --keys-o", "stream-signal data.csv --keys-output "),
        ("stream-signal completion f", "stream-signal completion fish"),
    ],
)
def test_zsh(script: str, line: str, completed: str, folder: Path) -> None:
    """Zsh completes the flags, their values, the commands and the files."""
    with terminal(COLUMNS) as shown:
        command = ["zsh", "-f", "-i"]
        environment = os.environ | {"PS1": "ready> ", "TERM": "dumb", "HOME": str(folder)}
        with subprocess.Popen(
            command,
            cwd=folder,
            stdin=shown.end,
            stdout=shown.end,
            stderr=shown.end,
            env=environment,
            start_new_session=True,
        ) as process:
            try:
                _type(
                    shown,
                    f"fpath+={os.path.dirname(script)}; autoload -Uz compinit; compinit -u -D; echo so''urced\n",
                    "sourced",
                )
                _type(shown, f"{line}\t", re.escape(completed))
            finally:
                process.kill()


def _type(shown: Terminal, keys: str, answer: str) -> None:
    shown.wait_for("ready> ")
    shown.type(keys.encode())
    shown.wait_for(answer)
