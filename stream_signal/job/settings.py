"""The settings in effect, and where each came from: what `--print-config` prints. A job does not need this file."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from stream_signal.core.config import layers
from stream_signal.core.printable import printable
from stream_signal.job.config import load_config, read_config

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "default"
# How a setting that no YAML sets reads to people.
_UNSET = {
    "delimiter": "found from the first line",
    "format": "none",
    "time_column": "the first with a known name",
    "key": "none; one symbol",
    "key_pattern": "none",
}


def as_yaml(path: str | None, settings: Mapping[str, Any], flags: Mapping[str, str]) -> str:
    """Write the settings as YAML that can be used as a config, each with what it came from as a comment.

    `path` is that of the config, if any; `settings` are those of the command line, `flags` the flag of each key.

    >>> print(as_yaml(None, {"window": 20}, {"window": "--window"}).splitlines()[1])
    window: 20                      # --window
    """
    config = load_config(path, settings)._asdict()
    shown = path if path is None or path.isprintable() else ascii(path)
    names = {
        "format of the config": f"{shown}, format {config['format']}",
        "config": shown,
        "format of the flags": f"--format {config['format']}",
    }
    origins = dict.fromkeys(config, DEFAULT)
    for layer, brought in layers(read_config(path), settings).items():
        origins.update({key: names.get(layer) or flags[key] for key in brought})
    lines = [(_yaml(key, value), origins[key]) for key, value in config.items()]
    return "".join(f"{line:<31} # {printable(origin)}\n" for line, origin in lines)


def _yaml(key: str, value: object) -> str:
    if value is None and key in _UNSET:
        return f"# {key}: {_UNSET[key]}"
    return f"{key}: {'none' if value is None else _value(value)}"


def _value(value: Any) -> str:
    r"""Write a value as YAML reads it, which is not quite JSON.

    >>> _value(1e-05), _value(("Größe", 5)), _value("\x7f")
    ('0.00001', '["Größe", 5]', '"\\u007f"')
    """
    if isinstance(value, str):
        return f'"{"".join(map(_character, value))}"'
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float):
        return format(abs(Decimal(repr(value))), "f")  # an exponent is none in YAML, where no point is before it
    return str(value).lower() if isinstance(value, bool) else str(value)


def _character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if character <= "\uffff" else f"\\U{ord(character):08x}"
