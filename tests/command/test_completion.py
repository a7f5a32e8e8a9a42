"""Completion and the manual page: both know every flag of the parsers, and real shells and man take them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from stream_signal.command.completion import SCRIPTS
from stream_signal.command.described import all_commands
from stream_signal.command.flags import PARSERS, job_parser, parse, settings_of
from stream_signal.command.main import _SUBCOMMANDS
from stream_signal.command.man import page
from stream_signal.command.usage import COMMANDS
from support.cases import DATA
from support.commands import run_command, run_in_process
from support.terminals import COLUMNS, Terminal, terminal

if TYPE_CHECKING:
    from pathlib import Path

JOB, *OTHERS = all_commands()
FLAGS = {name for command in (JOB, *OTHERS) for flag in command.flags for name in flag.names}
JOB_FLAGS = {name for flag in JOB.flags for name in flag.names}

# Complete a command line in bash as readline does: split it into words, set what it sets, and print what is offered.
BASH = """
source "$1"
complete -p stream-signal > /dev/null || exit 1
COMP_LINE=$2 COMP_POINT=${#2}
read -ra COMP_WORDS <<< "${2//=/ = }"
[[ $2 == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_stream_signal
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(folder: Path, request: pytest.FixtureRequest) -> str:
    """Write the script of a shell into a file; skip the test where there is no such shell."""
    shell = str(request.param)
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    path = folder / f"completion.{shell}"
    path.write_bytes(run_in_process("completion", shell, cwd=folder).stdout)
    return str(path)


def test_everything_has_all_commands() -> None:
    """The command, its parsers, its words and its descriptions know the same commands."""
    assert list(_SUBCOMMANDS) == list(PARSERS) == list(COMMANDS) == [command.name for command in OTHERS]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_each_script_has_all_flags(shell: str) -> None:
    """Each script names each flag of each command."""
    text = SCRIPTS[shell]()
    if shell == "fish":
        found = {("--" if kind == "l" else "-") + name for kind, name in re.findall(r" -([ls]) ([\w-]+)", text)}
    else:
        found = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", text))
    assert found >= FLAGS


def test_what_is_offered_is_allowed() -> None:
    """Each value that a shell offers is one that the flag takes."""
    for flag in JOB.flags:
        for value in flag.values:
            options = parse(job_parser(), ["--signals", "s", "--checkpoint", "c", flag.names[-1], value])
            assert value in {*map(str, vars(options).values())} or settings_of(options) or flag.names == ("--jobs",)


@pytest.mark.parametrize("script", ["bash"], indirect=True)
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("stream-signal --ver", {"--verbose", "--version", "--version-tag"}),
        ("stream-signal data.csv -", JOB_FLAGS),
        ("stream-signal --header ", {"true", "false", "auto"}),
        ("stream-signal --header=t", {"true"}),
        ("stream-signal --format kr", {"kraken"}),
        ("stream-signal -w ", set()),
        ("stream-signal -i d", {"data.csv"}),
        ("stream-signal --output=d", {"data.csv"}),
        ("stream-signal d", {"data.csv"}),
        ("stream-signal c", {"candles", "checkpoint", "completion", "completion.bash"}),
        ("stream-signal candles --s", {"--seed", "--symbols"}),
        ("stream-signal completion ", {"bash", "zsh", "fish"}),
        ("stream-signal checkpoint --", {"--help", "--json"}),
        ("stream-signal man ", set()),
    ],
)
def test_bash(script: str, line: str, offered: set[str], folder: Path) -> None:
    """Bash offers the flags, their values, the commands and the files."""
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", script, line], cwd=folder, capture_output=True, text=True, check=True
    )
    assert (set(done.stdout.split()), done.stderr) == (offered, "")


def test_bash_and_files(folder: Path) -> None:
    """A file with a blank in its name is one word."""
    (folder / "two words.csv").write_bytes(DATA)
    path = folder / "script"
    path.write_text(SCRIPTS["bash"]())
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
        ("stream-signal --keys-o", "stream-signal --keys-output="),
        ("stream-signal --header au", "stream-signal --header auto"),
        ("stream-signal --header=au", "stream-signal --header=auto"),
        ("stream-signal -i da", "stream-signal -i data.csv"),
        ("stream-signal cand", "stream-signal candles"),
        ("stream-signal candles --sy", "stream-signal candles --symbols="),
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
                _type(shown, f"autoload -Uz compinit; compinit -u -D; source {script}; echo so''urced\n", "sourced")
                _type(shown, f"{line}\t", re.escape(completed))
            finally:
                process.kill()


def _type(shown: Terminal, keys: str, answer: str) -> None:
    shown.wait_for("ready> ")
    shown.type(keys.encode())
    shown.wait_for(answer)


def test_the_manual_page_has_all_flags() -> None:
    """The manual page has each flag of each command, with what the help says of it."""
    text = page().replace("\\-", "-").replace("\\(aq", "'").replace("\\(ga", "`").replace("\\e", "\\")
    for command in (JOB, *OTHERS):
        for flag in command.flags:
            assert ", ".join(f"\\fB{name}\\fR" for name in flag.names) in text
            assert f"\n{flag.help}\n" in text


@pytest.mark.skipif(not shutil.which("groff"), reason="no groff here")
def test_groff_takes_the_manual_page(folder: Path) -> None:
    """Groff has no warnings, and sets the page with its sections."""
    done = run_command("man", cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    shown = subprocess.run(
        ["groff", "-man", "-Tascii", "-P-cbou", "-ww"], input=done.stdout, capture_output=True, check=True
    )
    assert shown.stderr == b""
    titles = re.findall(r"^[A-Z][A-Z ;]+$", shown.stdout.decode(), re.MULTILINE)
    assert titles[:3] == ["NAME", "SYNOPSIS", "DESCRIPTION"]
    assert titles[-4:] == ["COMMANDS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT"]
    assert b"-o, --output PATH" in shown.stdout
