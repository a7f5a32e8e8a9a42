"""The config of a job: which file it is, what is in it, and the settings of the command line on top."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from stream_signal.core.config import SETTINGS, Config, configured, layers
from stream_signal.core.errors import ConfigError
from stream_signal.core.limits import MAX_CONFIG_BYTES
from stream_signal.inputs.plain import read_small

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_CONFIG = "config.yaml"


def find_config(named: str | None, *, ignored: bool = False) -> str | None:
    """Return the path of the config: the one that is named, or ./config.yaml if it exists and is not to be ignored."""
    return named or (DEFAULT_CONFIG if not ignored and os.path.lexists(DEFAULT_CONFIG) else None)


def load_config(path: str | None, settings: Mapping[str, Any] | None = None) -> Config:
    """Return the settings of the config file at `path`, or the built-in ones without a path.

    `settings` override them. ConfigError names the file if it is wrong by itself; InputError if it cannot be read.
    """
    document = _read(path)
    try:
        return configured(document, settings or {})
    except ConfigError as error:
        if path is None or _is_config(document):
            raise
        error.path = path
        raise


def as_yaml(path: str | None, settings: Mapping[str, Any]) -> str:
    """Write the settings in effect as YAML that can be used as a config, each with what it came from as a comment.

    `path` is that of the config, if any; `settings` are those of the command line.

    >>> print(as_yaml(None, {"window": 20}).splitlines()[1])
    window: 20                      # --window
    """
    from stream_signal.core.config_yaml import yaml_line
    from stream_signal.core.printable import printable

    config = load_config(path, settings)
    shown = path if path is None or path.isprintable() else ascii(path)
    origins = dict.fromkeys(SETTINGS, "default")
    names = f"{shown}, format {config.format}", shown, f"--format {config.format}", None
    for name, layer in zip(names, layers(_read(path), settings), strict=True):
        origins |= {key: name or SETTINGS[key].flag for key in layer}
    lines = [(yaml_line(SETTINGS[key], value), origins[key]) for key, value in config._asdict().items()]
    return "".join(f"{line:<31} # {printable(origin)}\n" for line, origin in lines)


def _is_config(document: Mapping[str, Any]) -> bool:
    try:
        configured(document, {})
    except ConfigError:
        return False
    return True


def _read(path: str | None) -> dict[str, Any]:
    """Read the settings of the config file at `path`, as written; none without a path."""
    if path is None:
        return {}
    from stream_signal.core.config_yaml import read_settings

    try:
        return read_settings(read_small(path, MAX_CONFIG_BYTES), Config)
    except ConfigError as error:
        error.path = path
        raise
