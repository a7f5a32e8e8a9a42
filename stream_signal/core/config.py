"""The settings of a job, the layers that they come from, and the strict reader of their YAML.

From the bottom up: the defaults, the format that the config names, the config's own keys, the format that the command
line names, and its other flags. A layer wins over those below it.

YAML guesses: `1.10` is a float, `yes` a bool, `010` eight and `1:30` ninety. So PyYAML parses only the structure of
the document; each value then has one meaning or is refused. Nothing here opens a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.errors import ConfigError, shown
from stream_signal.core.limits import MAX_CONFIG_BYTES, MAX_KEYS, MAX_WINDOW, MAX_WINDOWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Self

    from stream_signal.core.formats import Column, HeaderSetting, TimeColumn

MAX_SEED = 2**63 - 1
MAX_COLUMN = 100_000  # more than any line has fields
DELIMITERS = (",", ";", "\t", "|")
BAD_ROWS = ("error", "missing")
_YAML_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
DEFAULT_VERSION = "v1"
REQUIRED = ("seed", "window", "version")
_NO_CONFIG = "a config is a few lines such as window: 5; candles are given as a path, without --config"
_EXAMPLES = {"seed": "seed: 42", "window": "window: 5", "version": 'version: "v1"'}
AUTO = "auto"
# What a key may be besides a column: the name of each input, or nothing, said aloud.
BY_NAME, NO_KEY = "@file", "none"
DECIMALS = (".", ",")
THOUSANDS = (None, ",", ".", " ")
_THOUSANDS_BY_NAME = {"none": None, "space": " "}
# What a setting is if nothing sets it; a format brings others for some of them.
_DEFAULTS: dict[str, Any] = {
    "column": "close",
    "header": True,
    "delimiter": None,
    "time_column": None,
    "newest_first": False,
}


class _Settings(NamedTuple):
    seed: int
    window: int
    version: str
    column: Column
    header: HeaderSetting
    delimiter: str | None
    bad_rows: str
    format: str | None
    time_column: TimeColumn
    newest_first: bool
    decimal: str
    thousands: str | None
    max_bad: float
    key: str | int | None
    key_pattern: str | None
    max_keys: int
    grouped: bool
    windows: tuple[int, ...]


def _is_text(value: object) -> bool:
    return type(value) is str and bool(value.strip())


def _is_integer(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _is_column(value: object) -> bool:
    return _is_text(value) or _is_integer(value, 1, MAX_COLUMN)


def _is_both(value: object) -> bool:
    """Whether it is the name of a column and its number: one for files with a header, one for those without."""
    return isinstance(value, tuple) and len(value) == 2 and _is_text(value[0]) and _is_integer(value[1], 1, MAX_COLUMN)


def _are_windows(value: object) -> bool:
    if not isinstance(value, tuple) or len(value) > MAX_WINDOWS or len(set(value)) < len(value):
        return False
    return all(_is_integer(window, 1, MAX_WINDOW) for window in value)


def _is_two(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and all(map(_is_column, value))


_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "seed": (f"an integer from 0 to {MAX_SEED}", lambda value: _is_integer(value, 0, MAX_SEED)),
    "window": (f"an integer from 1 to {MAX_WINDOW}", lambda value: _is_integer(value, 1, MAX_WINDOW)),
    "version": ('text, in quotes where it looks like a number ("1.10")', _is_text),
    "column": (
        "the name of a column, or its number counted from 1",
        lambda value: _is_column(value) or _is_both(value),
    ),
    "header": ("true, false or auto", lambda value: type(value) is bool or value == AUTO),
    "delimiter": (
        'one of "," ";" "\\t" "|" (without the key, the first line decides)',
        lambda value: value is None or value in DELIMITERS,
    ),
    "bad_rows": ("error or missing", lambda value: value in BAD_ROWS),
    "format": (
        "the name of a format (`stream-signal formats` lists them)",
        lambda value: value is None or (_is_text(value) and _brought_by(value) is not None),
    ),
    "time_column": (
        "the name of the timestamp column, or its number counted from 1, or two of these for a date and a time",
        lambda value: value is None or _is_column(value) or _is_two(value),
    ),
    "newest_first": ("true or false", lambda value: type(value) is bool),
    "decimal": ('"." or ","', lambda value: value in DECIMALS),
    "thousands": ('none, ",", "." or space', lambda value: value in THOUSANDS),
    "max_bad": ("a share of the rows, from 0 to 1", lambda value: type(value) in {int, float} and 0 <= value <= 1),
    "key": (
        f"the name of a column, or its number counted from 1, or {BY_NAME}, or {NO_KEY}",
        lambda value: value is None or _is_column(value),
    ),
    "key_pattern": (
        "a pattern of file names with {key} in it once, such as '{key}-1m-*.csv'",
        lambda value: value is None or (_is_text(value) and value.count("{key}") == 1),
    ),
    "max_keys": (f"an integer from 1 to {MAX_KEYS}", lambda value: _is_integer(value, 1, MAX_KEYS)),
    "grouped": ("true or false", lambda value: type(value) is bool),
    "windows": (f"a list of at most {MAX_WINDOWS} more windows, each of them once", _are_windows),
}


class Config(_Settings):
    """The settings that decide the answer; a wrong one raises ConfigError.

    `window` is in rows; `windows` are more of them, counted beside it. `column` is a name, or a number counted from 1,
    or both as a tuple: the name for a file with a header, the number for one without. `header` is True, False, or
    "auto": the first line decides. If `delimiter` is None, the first line decides. `bad_rows` is "error" or "missing";
    `max_bad` is the share of the rows that may be bad. `seed` and `version` are copied to the metrics.
    `time_column` is a name or a number, or a tuple of two, for a date and a time; None: the first with a known name.
    `newest_first` says that the rows come newest first: files are read from their ends. `decimal` and `thousands` are
    the marks in a close; `thousands` is None, or "," or "." or " ".

    `key` gives each series its own window: the name or the number of the column that tells them apart, or "@file": the
    names of the inputs do, as `key_pattern` says. None and "none" make one series of all rows; None refuses a second
    value in a column such as `symbol`. At most `max_keys` keys may come, and if they are `grouped`, each in one run.

    `format` is the name of a known layout. It brings `column`, `header`, `delimiter`, `time_column` and
    `newest_first`; each of them, if given, wins over what the format brings.

    >>> Config(window=20).window
    20
    >>> Config(format="kraken").column, Config(format="kraken", column=2).column
    (5, 2)
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
        version: str = DEFAULT_VERSION,
        column: Column | None = None,
        header: HeaderSetting | None = None,
        delimiter: str | None = None,
        bad_rows: str = "error",
        format: str | None = None,  # noqa: A002 - the name of the setting
        time_column: TimeColumn = None,
        newest_first: bool | None = None,
        decimal: str = ".",
        thousands: str | None = None,
        max_bad: float = 0.5,
        key: str | int | None = None,
        key_pattern: str | None = None,
        max_keys: int = 100_000,
        grouped: bool = False,
        windows: Sequence[int] = (),
    ) -> Self:
        """Make the record and check every setting; those that a format brings are None if they are not given."""
        settings: dict[str, Any] = {
            "seed": seed,
            "window": window,
            "version": version,
            "column": column,
            "header": header,
            "delimiter": delimiter,
            "bad_rows": bad_rows,
            "format": format,
            "time_column": time_column,
            "newest_first": newest_first,
            "decimal": decimal,
            "thousands": _THOUSANDS_BY_NAME.get(thousands, thousands) if isinstance(thousands, str) else thousands,
            "max_bad": max_bad,
            "key": key,
            "key_pattern": key_pattern,
            "max_keys": max_keys,
            "grouped": grouped,
            "windows": tuple(windows) if isinstance(windows, list) else windows,
        }
        for name, value in settings.items():
            if hasattr(value, "dtype") and hasattr(value, "tolist"):
                settings[name] = value.tolist()  # a number or a text of NumPy becomes one of Python
        _check("format", settings["format"])
        brought = _DEFAULTS if format is None else _brought_by(settings["format"]) or _DEFAULTS
        for name, value in brought.items():
            if settings[name] is None:
                settings[name] = value
        for name, value in settings.items():
            _check(name, value)
        self = super().__new__(cls, **settings)
        if self.window in self.windows:
            raise ConfigError(f"windows: expected other windows than {self.window}, which is that of `window`")
        if self.header is False and self.column_number is None:
            raise ConfigError(
                f"column: expected a number counted from 1, since header is false, found {_found(self.column)}"
            ).with_hint("add the number of the close: in rows of time, open, high, low and close, --column 5")
        if self.header is False and self.is_keyed and not isinstance(self.key, int) and self.key != BY_NAME:
            raise ConfigError(
                f"key: expected a number counted from 1, since header is false, found {_found(self.key)}"
            ).with_hint("add the number of the column with the symbol, such as --key 1")
        if self.key == BY_NAME and self.key_pattern is None:
            raise ConfigError(f"key: expected a key_pattern beside {BY_NAME}, found none").with_hint(
                "say where the symbol stands in the names: --key-pattern '{key}-1m-*.csv', or '{key}.csv'"
            )
        if self.decimal == self.thousands:
            error = ConfigError(
                f"thousands: expected another mark than that of decimal, found {_found(self.thousands)}"
            )
            raise error.with_hint("add --decimal ," if self.thousands == "." else None)
        return self

    @property
    def column_name(self) -> str | None:
        """The name of the column, if it has one."""
        name = self.column[0] if isinstance(self.column, tuple) else self.column
        return name if isinstance(name, str) else None

    @property
    def column_number(self) -> int | None:
        """The number of the column, counted from 1, if it has one."""
        number = self.column[1] if isinstance(self.column, tuple) else self.column
        return number if isinstance(number, int) else None

    @property
    def is_keyed(self) -> bool:
        """Whether each key has its own window."""
        return self.key is not None and self.key != NO_KEY

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]:
        """Return what pickle and copy make the record from."""
        return (), self._asdict()

    def _replace(self, **settings: Any) -> Self:
        return type(self)(**{**self._asdict(), **settings})


def as_config(given: Config | Mapping[str, Any] | None) -> Config:
    """Return the config, or make one of its settings; None stands for the defaults.

    An unknown key raises ConfigError, anything else than a config or a dict TypeError.

    >>> as_config({"window": 20}) == Config(window=20)
    True
    """
    if isinstance(given, Config):
        return given
    if given is None:
        return Config()
    if not isinstance(given, dict):
        raise TypeError(f"expected a Config, or a dict of its settings, found {type(given).__name__}")
    for key in given:
        if key not in _RULES:
            raise ConfigError(_unknown(str(key)))
    return Config(**given)


def _unknown(key: str) -> str:
    return f"unknown key {shown(key)}{_nearest(key)}; known keys: {', '.join(_RULES)}"


def parse_config(data: bytes, **flags: Any) -> Config:
    r"""Read a YAML document with the keys seed, window, version and optionally the others of `Config`.

    `flags` are settings that win over those of the document, unless they are None. Raises ConfigError, which names the
    key, what it was and what it may be: unknown, duplicate and missing keys and values of another type are all refused.

    >>> parse_config(b'seed: 42\nwindow: 5\nversion: "v1"', window=20)[:3]
    (42, 20, 'v1')
    """
    return configured(read_settings(data), {key: value for key, value in flags.items() if value is not None})


def read_settings(data: bytes) -> dict[str, Any]:
    """Read the keys and the values of a YAML document, as written; raise ConfigError if a key is wrong or missing."""
    entries = list(_entries(data))
    try:
        return _settings_of(entries)
    except ConfigError as error:
        versions = [value for _, key, value in entries if key == "version"]
        error.version = _readable(*versions) if len(versions) == 1 else None
        raise


def _settings_of(entries: list[tuple[int, str, Any]]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for line, key, value in entries:
        if isinstance(key, _Unread):
            raise ConfigError(f"line {line}: expected a key, found {key}")
        if key not in _RULES:
            raise ConfigError(f"line {line}: {_unknown(key)}")
        if key in settings:
            raise ConfigError(f"line {line}: duplicate key {key!r}")
        settings[key] = _share(value) if key == "max_bad" else value
    for key in REQUIRED:
        if key not in settings:
            raise ConfigError(f"missing required key: {key!r}").with_hint(f"add a line such as {_EXAMPLES[key]}")
    return settings


def configured(document: Mapping[str, Any], flags: Mapping[str, Any]) -> Config:
    """Make the config of the settings of a document and of the flags that were given; None stands for `none`."""
    settings: dict[str, Any] = {}
    try:
        for layer in layers(document, flags).values():
            settings.update(layer)
        return Config(**settings)
    except ConfigError as error:
        error.version = _readable(flags.get("version", document.get("version", DEFAULT_VERSION)))
        raise


def _readable(version: Any) -> str | None:
    return version if _is_text(version) else None


def layers(document: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the layers of settings above the defaults, from the bottom up, by what they come from.

    >>> document, flags = {"format": "kraken", "header": True}, {"window": 20}
    >>> [(layer, settings.get("header")) for layer, settings in layers(document, flags).items()]
    [('format of the config', False), ('config', True), ('flags', None)]
    """
    found: dict[str, Mapping[str, Any]] = {}
    if "format" in document and "format" not in flags:  # the other one sets the same keys
        _check("format", document["format"])
        found["format of the config"] = _brought_by(document["format"]) or {}
    found["config"] = document
    if "format" in flags:
        _check("format", flags["format"])
        found["format of the flags"] = _brought_by(flags["format"]) or {}
    found["flags"] = flags
    return found


def check_setting(key: str, value: Any) -> None:
    """Raise ValueError, which says what was expected and what was found, if `value` cannot be that of `key`."""
    expected, allowed = _RULES[key]
    if not allowed(_THOUSANDS_BY_NAME.get(value, value) if key == "thousands" else value):
        raise ValueError(f"expected {expected}, found {_found(value)}{_nearest_format(key, value)}")


def _check(key: str, value: object) -> None:
    try:
        check_setting(key, value)
    except ValueError as error:
        raise ConfigError(f"{key}: {error}") from None


def _brought_by(name: str) -> dict[str, Any] | None:
    from stream_signal.core.formats import FORMATS

    return FORMATS[name].settings if name in FORMATS else None


_MARK = "a YAML tag or anchor"


class _Unread(str):
    """A YAML value that is neither text, nor a plain integer, nor a bool: kept as written, for the error message."""

    __slots__ = ()


def _share(value: Any) -> Any:
    """Read a plain decimal number, which YAML would read as a float."""
    return float(value) if isinstance(value, _Unread) and re.fullmatch(r"[0-9]?\.[0-9]{1,400}", value) else value


def _found(value: object) -> str:
    if isinstance(value, tuple):
        return "a sequence"
    return str(value)[:60] if isinstance(value, _Unread) or not isinstance(value, str) else shown(value)


def _entries(data: bytes) -> Iterator[tuple[int, str, Any]]:
    """Yield `(line, key, value)` of the one mapping in the document; a key may be unread."""
    import yaml

    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"expected at most {MAX_CONFIG_BYTES} bytes of settings, found more").with_hint(_NO_CONFIG)
    try:
        # Composed, not constructed: no tag is executed, no alias expanded.
        document = yaml.compose(data, yaml.SafeLoader)
        # Only the events know whether a tag was written or found. What has no anchor has no alias.
        marked = {
            event.start_mark.index
            for event in yaml.parse(data, yaml.SafeLoader)
            if event.start_mark and (getattr(event, "tag", None) or getattr(event, "anchor", None))
        }
    except (
        yaml.YAMLError,
        ValueError,
        OverflowError,
    ) as error:  # the last two from a code point or a version too large
        raise ConfigError(f"expected YAML, found: {' '.join(str(error).split())}").with_hint(_NO_CONFIG) from None
    except RecursionError:
        raise ConfigError("expected YAML, found a document nested too deeply").with_hint(_NO_CONFIG) from None
    if document is not None and document.start_mark.index in marked:
        raise ConfigError(f"expected the keys {', '.join(REQUIRED)}, found {_MARK}").with_hint(_NO_CONFIG)
    if not isinstance(document, yaml.MappingNode):
        found, hint = "an empty document", "write them one a line, such as window: 5"
        if document is not None:
            is_list = isinstance(document, yaml.SequenceNode)
            found = f"{'a list' if is_list else 'one value'} without keys"
            hint = hint if is_list else _NO_CONFIG  # the first lines of a CSV file are one value
        raise ConfigError(f"expected the keys {', '.join(REQUIRED)}, found {found}").with_hint(hint)
    for key, value in document.value:
        name = _Unread(_MARK if key.start_mark.index in marked else f"a {key.id}")
        is_key = isinstance(key, yaml.ScalarNode) and name != _MARK
        yield key.start_mark.line + 1, key.value if is_key else name, _scalar(value, marked)


def _scalar(node: Any, marked: set[int]) -> Any:
    parts = node.value if node.id == "sequence" else []
    if any(each.start_mark.index in marked for each in (node, *parts)):
        return _Unread(_MARK)
    if node.id == "sequence" and all(part.id == "scalar" for part in parts):
        return tuple(_scalar(part, marked) for part in parts)
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


def _nearest_format(key: str, value: object) -> str:
    if key != "format" or not isinstance(value, str):
        return ""
    from stream_signal.core.formats import FORMATS

    return _nearest(value, FORMATS)


def _nearest(key: str, known: Mapping[str, object] = _RULES) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key.lower(), known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
