"""The settings of a job, and the strict reader of their YAML.

YAML guesses: `1.10` is a float, `yes` a bool, `010` eight and `1:30` ninety. So PyYAML parses only the structure of
the document; each value then has one meaning or is refused. Nothing here opens a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.errors import ConfigError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

# A config has about ten lines; the limit bounds the cost of a wrong path (a log, the candles themselves).
MAX_CONFIG_BYTES = 64 * 1024
MAX_SEED = 2**63 - 1
MAX_COLUMN = 100_000  # more than any line has fields
MAX_WINDOW = 10**9  # more minutes than a thousand years have; such a ring takes 8 GB
DELIMITERS = (",", ";", "\t", "|")
BAD_ROWS = ("error", "missing")
_YAML_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
REQUIRED = ("seed", "window", "version")


class _Settings(NamedTuple):
    seed: int
    window: int
    version: str
    column: str | int
    header: bool
    delimiter: str | None
    bad_rows: str
    max_bad: float


def _is_text(value: object) -> bool:
    return type(value) is str and bool(value.strip())


def _is_integer(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "seed": (f"an integer from 0 to {MAX_SEED}", lambda value: _is_integer(value, 0, MAX_SEED)),
    "window": (f"an integer from 1 to {MAX_WINDOW}", lambda value: _is_integer(value, 1, MAX_WINDOW)),
    "version": ('text, in quotes where it looks like a number ("1.10")', _is_text),
    "column": (
        "the name of a column, or its number counted from 1",
        lambda value: _is_text(value) or _is_integer(value, 1, MAX_COLUMN),
    ),
    "header": ("true or false", lambda value: type(value) is bool),
    "delimiter": (
        'one of "," ";" "\\t" "|" (without the key, the first line decides)',
        lambda value: value is None or value in DELIMITERS,
    ),
    "bad_rows": ("error or missing", lambda value: value in BAD_ROWS),
    "max_bad": ("a share of the rows, from 0 to 1", lambda value: type(value) in {int, float} and 0 <= value <= 1),
}


class Config(_Settings):
    """The settings that decide the answer; a wrong one raises ConfigError.

    `window` is in rows. `column` is a name, or a number counted from 1. If `delimiter` is None, the first line
    decides. `bad_rows` is "error" or "missing"; `max_bad` is the share of the rows that may be bad. `seed` and
    `version` are copied to the metrics.

    >>> Config(window=20).window
    20
    >>> Config(window=0)
    Traceback (most recent call last):
    stream_signal.core.errors.ConfigError: window: expected an integer from 1 to 1000000000, found 0
    """

    __slots__ = ()

    def __new__(  # noqa: PLR0913 - a record has as many arguments as fields
        cls,
        *,
        seed: int = 42,
        window: int = 5,
        version: str = "v1",
        column: str | int = "close",
        header: bool = True,
        delimiter: str | None = None,
        bad_rows: str = "error",
        max_bad: float = 0.5,
    ) -> Self:
        """Make the record and check every setting."""
        self = super().__new__(cls, seed, window, version, column, header, delimiter, bad_rows, max_bad)
        for key, value in zip(cls._fields, self, strict=True):
            expected, allowed = _RULES[key]
            if not allowed(value):
                raise ConfigError(f"{key}: expected {expected}, found {_found(value)}")
        if not self.header and not isinstance(self.column, int):
            raise ConfigError(
                f"column: expected a number counted from 1, since header is false, found {_found(self.column)}"
            )
        return self

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]:
        """Return what pickle and copy make the record from."""
        return (), self._asdict()

    def _replace(self, **settings: Any) -> Self:
        return type(self)(**{**self._asdict(), **settings})


def parse_config(data: bytes, **overrides: Any) -> Config:
    r"""Read a YAML document with the keys seed, window, version and optionally the others of `Config`.

    `overrides` replace settings of the document, unless they are None. Raises ConfigError, which names the key, what it
    was and what it may be: unknown, duplicate and missing keys and values of another type are all refused.

    >>> parse_config(b'seed: 42\nwindow: 5\nversion: "v1"', window=20)[:3]
    (42, 20, 'v1')
    """
    settings: dict[str, Any] = {}
    for line, key, value in _entries(data):
        if key not in _RULES:
            known = ", ".join(_RULES)
            raise ConfigError(f"line {line}: unknown key {shown(key)}{_nearest(key)}; known keys: {known}")
        if key in settings:
            raise ConfigError(f"line {line}: duplicate key {key!r}")
        settings[key] = _share(value) if key == "max_bad" else value
    for key in REQUIRED:
        if key not in settings:
            raise ConfigError(f"missing required key: {key!r}")
    settings.update({key: value for key, value in overrides.items() if value is not None})
    return Config(**settings)


class _Unread(str):
    """A YAML value that is neither text, nor a plain integer, nor a bool: kept as written, for the error message."""

    __slots__ = ()


def _share(value: Any) -> Any:
    """Read a plain decimal number, which YAML would read as a float."""
    return float(value) if isinstance(value, _Unread) and re.fullmatch(r"[0-9]?\.[0-9]{1,17}", value) else value


def _found(value: object) -> str:
    return str(value)[:60] if isinstance(value, _Unread) or not isinstance(value, str) else shown(value)


def _entries(data: bytes) -> Iterator[tuple[int, str, Any]]:
    """Yield `(line, key, value)` of the one mapping in the document."""
    import yaml  # noqa: PLC0415 - a job without a config file starts faster

    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"expected at most {MAX_CONFIG_BYTES} bytes of settings, found more")
    try:
        # Composed, not constructed: no tag is executed, no alias expanded.
        document = yaml.compose(data, yaml.SafeLoader)
    except (
        yaml.YAMLError,
        ValueError,
        OverflowError,
    ) as error:  # the last two from a code point or a version too large
        raise ConfigError(f"expected YAML, found: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ConfigError("expected YAML, found a document nested too deeply") from None
    if not isinstance(document, yaml.MappingNode):
        raise ConfigError(f"expected the keys {', '.join(REQUIRED)}, found {'nothing' if document is None else 'none'}")
    for key, value in document.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(f"line {key.start_mark.line + 1}: expected a key, found a {key.id}")
        yield key.start_mark.line + 1, key.value, _scalar(value)


def _scalar(node: Any) -> str | int | bool:
    if node.id != "scalar":
        return _Unread(f"a {node.id}")
    kind = node.tag.rpartition(":")[2]
    if kind == "str":
        return str(node.value)
    if kind == "bool" and str(node.value).lower() in _YAML_BOOLS:
        return _YAML_BOOLS[str(node.value).lower()]
    if kind == "int" and re.fullmatch(r"-?(0|[1-9][0-9]{0,18})", node.value):
        return int(node.value)
    return _Unread(node.value or "nothing")


def _nearest(key: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only a misspelt key needs it

    near = get_close_matches(key.lower(), _RULES, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
