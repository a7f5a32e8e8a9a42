"""The config of a job: which file it is, what is in it, and the settings of the command line on top."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from stream_signal.core.config import Config, configured, read_settings
from stream_signal.core.errors import ConfigError
from stream_signal.core.limits import MAX_CONFIG_BYTES
from stream_signal.inputs.plain import read_small

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_CONFIG = "config.yaml"


def find_config() -> str | None:
    """Return the path of the config that is read without being named, if it exists."""
    return DEFAULT_CONFIG if os.path.lexists(DEFAULT_CONFIG) else None


def load_config(path: str | None, settings: Mapping[str, Any] | None = None) -> Config:
    """Return the settings of the config file at `path`, or the built-in ones without a path.

    `settings` override them. ConfigError names the file if it is wrong by itself; InputError if it cannot be read.
    """
    document = read_config(path)
    try:
        return configured(document, settings or {})
    except ConfigError as error:
        if path is None or _is_config(document):
            raise
        raise _in_file(path, error) from None


def _is_config(document: Mapping[str, Any]) -> bool:
    try:
        configured(document, {})
    except ConfigError:
        return False
    return True


def read_config(path: str | None) -> dict[str, Any]:
    """Read the settings of the config file at `path`, as written; none without a path."""
    if path is None:
        return {}
    try:
        return read_settings(read_small(path, MAX_CONFIG_BYTES))
    except ConfigError as error:
        raise _in_file(path, error) from None


def _in_file(path: str, error: ConfigError) -> ConfigError:
    named = ConfigError(f"{path}: {error}")
    named.version = error.version
    named.hint = error.hint
    return named
