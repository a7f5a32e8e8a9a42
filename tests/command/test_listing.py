"""The help as JSON: all flags of a command, as its help shows them, and what the settings say of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from stream_signal.command.flags import PARSERS, job_parser
from stream_signal.core.config import SETTINGS
from stream_signal.core.settings import value_as_json
from support.commands import flags_of, run_in_process

if TYPE_CHECKING:
    from pathlib import Path


def flags(*command: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Return what --help --json lists, by the name of each flag."""
    done = run_in_process(*command, "--help", "--json", cwd=folder)
    assert (done.code, done.stderr, done.stdout.count(b"\n")) == (0, "", 1)
    assert done.record["command"] == " ".join(["stream-signal", *command])
    return {row["name"]: row for row in done.record["flags"]}


@pytest.mark.parametrize("command", ["", *PARSERS])
def test_all_flags(command: str, tmp_path: Path) -> None:
    """Each flag that the help of a command shows is listed with its other spellings and its help, and no other is."""
    listed = flags(*([command] if command else []), folder=tmp_path)
    shown = flags_of(PARSERS[command]() if command else job_parser())
    found = [(sorted([row["name"], *row["others"]]), row["help"]) for row in listed.values() if row["name"][0] == "-"]
    assert sorted(found) == sorted((sorted(action.option_strings), action.help) for action in shown)


def test_every_setting(tmp_path: Path) -> None:
    """Each setting is the key of a flag, with its default; the further windows have that of the first."""
    rows = {row["name"]: (row["key"], row["default"]) for row in flags(folder=tmp_path).values() if row["key"]}
    settings = {row.flag: (row.name, value_as_json(row.default)) for row in SETTINGS.values() if row.name != "windows"}
    assert rows == {**settings, "--no-header": ("header", True)}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("--window", {"others": ["-w"], "metavar": "N[,N...]", "type": ["integer", "array"], "default": 5}),
        ("--column", {"metavar": "NAME", "type": ["string", "integer", "array"], "choices": None, "key": "column"}),
        ("--max-bad", {"metavar": "SHARE", "type": "number", "group": "settings that are rarely needed"}),
        ("--header", {"type": ["boolean", "string"], "choices": ["true", "false", "auto"], "default": True}),
        ("--grouped", {"others": ["--no-grouped"], "metavar": None, "type": "boolean", "choices": None}),
        ("--signals-format", {"type": "string", "choices": ["csv", "jsonl"], "default": None, "key": None}),
        ("--output", {"others": ["-o"], "metavar": "PATH", "type": "string", "default": "-", "group": "outputs"}),
        ("--jobs", {"type": ["integer", "string"], "choices": None, "default": None}),
        ("--strict", {"metavar": None, "type": "boolean", "default": False}),
        ("--verbose", {"others": ["-v"], "type": "integer", "default": 0}),
        ("--version", {"others": ["-V"], "type": "boolean", "default": None, "key": None}),
        ("PATH", {"others": [], "metavar": "PATH", "type": "string", "default": None, "group": "inputs"}),
    ],
)
def test_a_flag(name: str, wanted: dict[str, Any], tmp_path: Path) -> None:
    """A flag has the type of its values, its default, what may be typed if that is little, and its group."""
    row = flags(folder=tmp_path)[name]
    assert list(row) == ["name", "others", "metavar", "type", "default", "choices", "help", "group", "key"]
    assert {key: row[key] for key in wanted} == wanted


def test_in_either_order(tmp_path: Path) -> None:
    """--json may stand before --help; alone it is no flag of a job."""
    both = [run_in_process(*order, cwd=tmp_path) for order in (("--help", "--json"), ("--json", "--help"))]
    assert json.loads(both[0].stdout) == json.loads(both[1].stdout)
    assert run_in_process("--json", cwd=tmp_path).code == 2
