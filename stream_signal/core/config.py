"""The table of the settings of a job, and the layers that their values come from.

From the bottom up: the defaults, the format that the config names, the config's own keys, the format that the command
line names, and its other flags. A layer wins over those below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import ConfigError, shown
from stream_signal.core.limits import MAX_KEYS, MAX_WINDOW, MAX_WINDOWS
from stream_signal.core.settings import (
    BOOLEAN,
    Kind,
    Settings,
    brought_by,
    digits,
    integer,
    is_text,
    one_of,
    setting,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stream_signal.core.formats import Column, HeaderSetting, TimeColumn

MAX_SEED = 2**63 - 1
MAX_COLUMN = 100_000  # more than any line has fields
# By how a shell can write them.
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
AUTO = "auto"
# What a key may be besides a column: the name of each input, or nothing, said aloud.
BY_NAME, NO_KEY = "@file", "none"


def _is_before(one: str | float, other: str | float) -> bool:
    from stream_signal.core.timestamps import moment_of

    return moment_of(one) < moment_of(other)


def _formats() -> dict[str, str]:
    from stream_signal.core.formats import FORMATS

    return {name: name for name in FORMATS}


class _Time(Kind):
    """The kind of the times; the calendar has no schema."""

    def allows(self, value: Any) -> bool:
        from stream_signal.core.timestamps import moment_of

        try:
            return super().allows(value) and moment_of(value) is not None
        except ValueError:
            return False


_SOME_TEXT = {"type": "string", "pattern": r"\S"}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": MAX_COLUMN}
_COLUMN = {"anyOf": [_SOME_TEXT, _NUMBER]}


def _two(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 2, "maxItems": 2, "items": [first, second]}


_TEXT = Kind("TEXT", 'text, in quotes where it looks like a number ("1.10")', _SOME_TEXT)
_SHARE = Kind(
    "SHARE",
    "a share of the rows, from 0 to 1",
    {"type": "number", "minimum": 0, "maximum": 1},
    float,
)
_PATTERN = Kind(
    "PATTERN",
    "a pattern of file names with {key} in it once, such as '{key}-1m-*.csv'",
    {"type": "string", "pattern": r"^(?![\s\S]*\{key\}[\s\S]*\{key\})[\s\S]*\{key\}"},
)
_FORMAT = Kind(
    "NAME",
    "the name of a format (`stream-signal formats` lists them)",
    None,
    texts=_formats,
)
# Both, a name and a number, are for files with a header and for those without.
_CLOSE_COLUMN = Kind(
    "NAME",
    f"the name of a column, or its number from 1 to {MAX_COLUMN}",
    {"anyOf": [_SOME_TEXT, _NUMBER, _two(_SOME_TEXT, _NUMBER)]},
    digits,
)
_TIME_COLUMN = Kind(
    "NAME",
    f"the name of the timestamp column, or its number from 1 to {MAX_COLUMN}, or two of these for a date and a time",
    {"anyOf": [_SOME_TEXT, _NUMBER, _two(_COLUMN, _COLUMN)]},
    digits,
    unset="the first with a known name",
)
_KEY = Kind(
    "NAME",
    f"the name of a column, or its number from 1 to {MAX_COLUMN}, or {BY_NAME}, or {NO_KEY}",
    _COLUMN,
    digits,
    lambda: {BY_NAME: BY_NAME, NO_KEY: NO_KEY},
    unset="one symbol",
)
_TIME = _Time(
    "TIME",
    "a time such as 2024-01-31, '2024-01-31 09:30' or 1706693400, in UTC unless it has a zone",
    {"anyOf": [{"type": "string", "pattern": "[0-9]"}, {"type": "number"}]},
    unset="all rows",
)
_DELIMITER = one_of(
    "C",
    'one of "," ";" "\\t" "|" (without the key, the first line decides)',
    {name: mark for mark, name in DELIMITERS.items()},
    convert=lambda text: text.replace("\\t", "\t"),
    unset="found from the first line",
)
_DECIMAL = one_of("C", '"." or ","', {".": ".", ",": ","})
_THOUSANDS = one_of("C", 'none, ",", "." or space', {"none": None, ",": ",", ".": ".", "space": " "})
_NEGATIVE = one_of(
    "MARK", "sign, parentheses or trailing", {mark: mark for mark in ("sign", "parentheses", "trailing")}
)
_HEADER = one_of("HEADER", "true, false or auto", {"true": True, "false": False, AUTO: AUTO})
_BAD_ROWS = one_of("DO", "error or missing", {"error": "error", "missing": "missing"})
_WINDOW = integer(1, MAX_WINDOW)
_WINDOWS = Kind(
    "N[,N...]",
    f"a list of at most {MAX_WINDOWS} more windows, each of them once",
    {"type": "array", "maxItems": MAX_WINDOWS, "items": _WINDOW.schema, "uniqueItems": True},
)


class Config(Settings):
    """The settings of a job; ConfigError names all that are wrong.

    A column is a name or a number counted from 1. `column` may be both, as a tuple: the name is for a file with a
    header, the number for one without. `time_column` may be two columns, for a date and a time. A `key` of None refuses
    a second value in a column such as `symbol`, and "none" makes one series of all rows. A `format` brings settings;
    each of them, if given, wins over what it brings.

    >>> Config(window=20).window
    20
    >>> Config(format="kraken").column, Config(format="kraken", column=2).column
    (5, 2)
    >>> Config(window=0)
    Traceback (most recent call last):
    stream_signal.core.errors.ConfigError: window: expected an integer from 1 to 1000000000, found 0
    """

    seed: int = setting(
        integer(0, MAX_SEED), "copied into the metrics; the seed of candles", default=42, decides=False, required=True
    )
    window: int = setting(_WINDOW, "rows in the rolling mean", default=5, flags=("-w", "--window"), required=True)
    version: str = setting(
        _TEXT, "copied into the metrics", default="v1", flags=("--version-tag",), decides=False, required=True
    )
    column: Column = setting(_CLOSE_COLUMN, "name of the close column, or its number from 1", default="close")
    header: HeaderSetting = setting(_HEADER, "true, false, or auto: the first line decides", default=True)
    delimiter: str | None = setting(_DELIMITER, "comma, semicolon, tab or bar", default=None)
    bad_rows: str = setting(_BAD_ROWS, "error, or missing: count them without a close", default="error")
    format: str | None = setting(
        _FORMAT, "a known layout: `stream-signal formats` lists them", default=None, decides=False
    )
    time_column: TimeColumn = setting(
        _TIME_COLUMN,
        "name of the timestamp column, or its number from 1; twice for a date and a time",
        default=None,
        decides=False,
    )
    newest_first: bool = setting(BOOLEAN, "the rows come newest first: read the files from their end", default=False)
    decimal: str = setting(_DECIMAL, "the decimal mark: . or ,", default=".")
    thousands: str | None = setting(_THOUSANDS, "the mark between groups: , or . or space or none", default=None)
    negative: str = setting(
        _NEGATIVE, "how negative closes are written: sign, parentheses, trailing: -1, (1), 1-", default="sign"
    )
    max_bad: float = setting(
        _SHARE,
        "with --bad-rows missing: fail if more than this share of the rows is bad",
        default=0.5,
        decides=False,
    )
    key: str | int | None = setting(
        _KEY,
        "one mean for each value of this column, or @file: for each symbol in the file names; none: one for all",
        default=None,
        flags=("-k", "--key"),
    )
    key_pattern: str | None = setting(
        _PATTERN, "where the symbol stands in the file names, such as '{key}-1m-*.csv'", default=None
    )
    max_keys: int = setting(integer(1, MAX_KEYS), "fail if there are more keys", default=100_000, decides=False)
    grouped: bool = setting(
        BOOLEAN,
        "the rows of each key follow each other: keep one window, and refuse a key that comes back",
        default=False,
    )
    since: str | float | None = setting(_TIME, "leave out the rows before this time", default=None, flags=("--from",))
    until: str | float | None = setting(_TIME, "leave out the rows from this time on", default=None, flags=("--to",))
    windows: Sequence[int] = setting(_WINDOWS, "further windows, counted beside it", default=(), flags=("--window",))

    @classmethod
    def from_yaml(cls, document: bytes | str) -> Config:
        r"""Return the config of a YAML document, which has to have `seed`, `window` and `version`; or ConfigError.

        >>> Config.from_yaml("seed: 42\nwindow: [5, 20]\nversion: v1").windows
        (20,)
        """
        from stream_signal.core.config_yaml import read_settings

        return configured(read_settings(document.encode() if isinstance(document, str) else document, cls), {})

    @classmethod
    def in_rows(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Return settings as the table has them: of a list of windows, the first one and the further ones."""
        windows = given.get("window")
        if not isinstance(windows, (list, tuple)) or not windows or given.get("windows"):
            return given
        return {**given, "window": windows[0], "windows": tuple(windows[1:])}

    def contradictions(self) -> Iterator[tuple[str, str | None]]:
        """Yield the settings that do not fit each other."""
        if self.window in self.windows:
            yield f"windows: expected other windows than {self.window}, which is that of `window`", None
        if self.header is False and self.column_number is None:
            yield (
                f"column: expected a number counted from 1, since header is false, found {_found(self.column)}",
                "add the number of the close: in rows of time, open, high, low and close, --column 5",
            )
        if self.header is False and self.is_keyed and not isinstance(self.key, int) and self.key != BY_NAME:
            yield (
                f"key: expected a number counted from 1, since header is false, found {_found(self.key)}",
                "add the number of the column with the symbol, such as --key 1",
            )
        if self.key == BY_NAME and self.key_pattern is None:
            yield (
                f"key: expected a key_pattern beside {BY_NAME}, found none",
                "say where the symbol stands in the names: --key-pattern '{key}-1m-*.csv', or '{key}.csv'",
            )
        if self.since is not None and self.until is not None and not _is_before(self.since, self.until):
            yield f"until: expected a later time than that of `since`, {self.since}, found {self.until}", None
        if self.decimal == self.thousands:
            yield (
                f"thousands: expected another mark than that of decimal, found {_found(self.thousands)}",
                "add --decimal ," if self.thousands == "." else None,
            )

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
    def is_ranged(self) -> bool:
        """Whether rows are left out by their times."""
        return self.since is not None or self.until is not None

    @property
    def is_keyed(self) -> bool:
        """Whether each key has its own window."""
        return self.key is not None and self.key != NO_KEY


SETTINGS = Config.rows


def as_config(given: Config | Mapping[str, Any] | None, settings: Mapping[str, Any] | None = None) -> Config:
    """Return the config, or make one of its settings; None stands for the defaults. `settings` win over it.

    An unknown key raises ConfigError, anything else than a config or a dict TypeError.

    >>> as_config({"window": 20}, {"seed": 7}) == Config(window=20, seed=7)
    True
    """
    if isinstance(given, Config):
        return given._replace(**{**brought_by(settings.get("format")), **settings}) if settings else given
    if given is not None and not isinstance(given, dict):
        raise TypeError(f"expected a Config, or a dict of its settings, found {type(given).__name__}")
    return configured({str(name): value for name, value in (given or {}).items()}, settings or {})


def configured(document: Mapping[str, Any], flags: Mapping[str, Any]) -> Config:
    """Make the config of the settings of a document and of the flags that were given."""
    settings: dict[str, Any] = {}
    for layer in layers(document, flags):
        settings.update(layer)
    try:
        return Config(**settings)
    except ConfigError as error:
        version = flags.get("version", document.get("version", SETTINGS["version"].default))
        error.version = version if is_text(version) else None
        raise


def settings_of(flags: Sequence[str]) -> dict[str, Any]:
    """Return the settings that flags stand for; KeyError if one is no setting, ValueError if a value is none of it.

    >>> settings_of(["--column", "5", "--no-header", "--newest-first"])
    {'column': 5, 'header': False, 'newest_first': True}
    """
    settings: dict[str, Any] = {}
    rest = list(flags)
    while rest:
        name = rest.pop(0).removeprefix("--").replace("-", "_")
        if name in SETTINGS and rest and not rest[0].startswith("--"):
            settings[name] = SETTINGS[name].kind.read(rest.pop(0))
        else:
            settings[SETTINGS[name.removeprefix("no_")].name] = not name.startswith("no_")
    return settings


def layers(document: Mapping[str, Any], flags: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the settings above the defaults: of the document's format, the document, the flags' format, the flags.

    >>> [layer.get("header") for layer in layers({"format": "kraken", "header": True}, {"window": 20})]
    [False, True, None, None]
    """
    below = {} if "format" in flags else brought_by(document.get("format"))  # the other one sets the same keys
    return [below, document, brought_by(flags.get("format")), flags]


def _found(value: object) -> str:
    return shown(value) if isinstance(value, str) else str(value)
