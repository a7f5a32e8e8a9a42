"""The help as JSON, for programs that make command lines: argparse's table of the flags, with that of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.command.schemas import of_kind, of_setting
from stream_signal.core.config import SETTINGS
from stream_signal.core.printable import json_text
from stream_signal.core.settings import Kind, value_as_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

# Of JSON, by the types of Python.
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}


def listing(command: str, shown: Iterable[tuple[str, argparse.Action]]) -> str:
    """Return the flags and arguments of a command as a line of JSON, each with the title of its group."""
    return json_text({"command": command, "flags": [_row(group, action) for group, action in shown]}) + "\n"


def _row(group: str, action: argparse.Action) -> dict[str, Any]:
    """Return what there is to know about a flag; if there is such a `key` in a config, type and default are its own."""
    setting = None if hasattr(action, "version") else SETTINGS.get(action.dest)  # --version sets none
    kind = setting.kind if setting else getattr(action.type, "__self__", None)
    names = sorted(action.option_strings, key=lambda name: not name.startswith("--"))
    is_switch = action.nargs == 0
    if setting:
        default, schema = value_as_json(setting.default), of_setting(setting)
    else:
        is_own = names and (not is_switch or type(action.default) in {bool, int})  # and not a mark of argparse
        default = action.default if is_own else None
        schema = of_kind(kind) if isinstance(kind, Kind) else {"type": _TYPES[int if type(default) is int else bool]}
    types = _types(schema)
    return {
        "name": names[0] if names else action.metavar,
        "others": names[1:],
        "metavar": None if is_switch else action.metavar,
        "type": types[0] if len(types) == 1 else types,
        "default": default,
        "choices": list(kind.texts()) if isinstance(kind, Kind) and not kind.schema and not is_switch else None,
        "help": action.help,
        "group": group,
        "key": setting and setting.name,
    }


def _types(schema: dict[str, Any]) -> list[str]:
    """Return the types of what a schema allows.

    >>> _types({"anyOf": [{"type": "integer"}, {"enum": [True, "auto"]}]})
    ['integer', 'boolean', 'string']
    """
    if "anyOf" in schema:
        types = [name for one in schema["anyOf"] for name in _types(one)]
    else:
        types = [_TYPES[type(value)] for value in schema["enum"]] if "enum" in schema else [schema["type"]]
    return list(dict.fromkeys(types))
