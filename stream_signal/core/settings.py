"""What a setting is: a row of the table in `config`, and the kinds of values that a row may have.

All that knows a setting follows from its row: the keys of a config file, the flags and their completion, what
`--print-config` prints, what a checkpoint compares, the table of the reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform

from stream_signal.core.errors import FOUND_CHARACTERS, ConfigError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Self

_TYPES: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float), "array": (tuple,)}
# The words of JSON Schema that kinds of values are told in; a list is a tuple, and True is not 1.
_WORDS: dict[str, Callable[[Any, Any], bool]] = {
    "type": lambda value, name: type(value) in _TYPES[name],
    "minimum": lambda value, least: least <= value,
    "exclusiveMinimum": lambda value, below: below < value,
    "maximum": lambda value, most: value <= most,
    "minLength": lambda value, least: least <= len(value),
    "pattern": lambda value, pattern: re.search(pattern, value) is not None,
    "minItems": lambda value, least: least <= len(value),
    "maxItems": lambda value, most: len(value) <= most,
    "uniqueItems": lambda value, _: len(set(value)) == len(value),
    "items": lambda value, of: all(map(fits, value, of if isinstance(of, list) else [of] * len(value))),
    "anyOf": lambda value, schemas: any(fits(value, schema) for schema in schemas),
}


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a value is as a JSON Schema says, which has its type first.

    >>> fits(5, {"type": "integer", "minimum": 1}), fits((5, "a"), {"type": "array", "items": {"type": "integer"}})
    (True, False)
    """
    return all(_WORDS[word](value, asked) for word, asked in schema.items())


class Kind:
    """A kind of value: what it may be, in words and as a JSON Schema, and what a text stands for.

    `metavar` stands for the value in the help of a flag, and is empty if the flag alone says it. `convert` makes a
    value of a text, and raises ValueError if it stands for none. `texts` returns the values by what may be typed for
    them, if they are few: they are allowed beside those of the schema, and without one there are no others. `unset`
    says what None means, where that is the default.
    """

    def __init__(
        self,
        metavar: str,
        expected: str,
        schema: Mapping[str, Any] | None,
        convert: Callable[[str], Any] = str,
        texts: Callable[[], Mapping[str, Any]] = dict,
        unset: str = "none",
    ) -> None:
        self.metavar = metavar
        self.expected = expected
        self.schema = schema
        self.convert = convert
        self.texts = texts
        self.unset = unset

    def allows(self, value: object) -> bool:
        """Whether it is such a value."""
        if self.schema and fits(value, self.schema):
            return True
        return any(type(value) is type(other) and value == other for other in self.texts().values())

    def wrong(self, value: object) -> str | None:
        """Say what was expected and what was found, if it is no such value."""
        return None if self.allows(value) else self.refusal(value)

    def refusal(self, value: object) -> str:
        """Say what was expected, and that this was found."""
        if type(value) is str:
            return f"expected {self.expected}, found {shown(value)}{nearest(value, self.texts())}"
        told = "a sequence" if isinstance(value, tuple) else str(value)[:FOUND_CHARACTERS]
        return f"expected {self.expected}, found {told}"

    def read(self, text: str) -> Any:
        """Return the value that a text of the command line stands for, or raise ValueError, which quotes it.

        >>> integer(1, 10).read("7"), BOOLEAN.read("true")
        (7, True)
        >>> integer(1, 10).read("11")
        Traceback (most recent call last):
        ValueError: expected an integer from 1 to 10, found '11'
        """
        texts = self.texts()
        try:
            value = texts[text] if text in texts else self.convert(text)
        except ValueError:
            value = text
        if not self.allows(value):
            raise ValueError(self.refusal(text))
        return value

    def text(self, value: Any) -> str:
        """Return a text that `read` takes for the value."""
        return next((text for text, other in self.texts().items() if other == value), str(value))


def is_text(value: object) -> bool:
    """Whether it is a text with something in it."""
    return type(value) is str and bool(value.strip())


def digits(text: str) -> int | str:
    """Convert ASCII digits to an integer, and leave another text as it is."""
    return int(text) if text.isascii() and text.isdigit() else text


def integer(least: int, most: int, metavar: str = "N") -> Kind:
    """Return the kind of the integers of a range."""
    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Kind(metavar, f"an integer from {least} to {most}", schema, digits)


def one_of(metavar: str, expected: str, texts: Mapping[str, Any], **others: Any) -> Kind:
    """Return the kind of a few values, by what may be typed for each."""
    return Kind(metavar, expected, None, texts=lambda: texts, **others)


BOOLEAN = one_of("", "true or false", {"true": True, "false": False})


class Setting:
    """A row: all that there is to know about a setting; its name is that of the attribute.

    `flags` set it; if none are given, `--` and its name does. If it `decides` the answer, a checkpoint belongs to one
    value of it. If it is `required`, a config file has to have it.
    """

    name: str

    def __init__(
        self,
        kind: Kind,
        text: str,
        default: Any,
        *,
        flags: tuple[str, ...] = (),
        decides: bool = True,
        required: bool = False,
    ) -> None:
        self.kind = kind
        self.help = text
        self.default = default
        self.flags = flags
        self.decides = decides
        self.required = required

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.help} (default: {self.default!r})>"  # what `help(Config)` shows

    @property
    def flag(self) -> str:
        """The long flag."""
        return self.flags[-1] if self.flags else f"--{self.name.replace('_', '-')}"

    def taken(self, value: Any) -> Any:
        """Return a value as the record has it: lists become tuples, and what is of NumPy becomes Python's."""
        if hasattr(value, "dtype") and hasattr(value, "tolist"):
            value = value.tolist()
        if type(value) is str:
            named = self.kind.texts().get(value, value)
            return value if type(named) is bool else named  # a bool is none in quotes
        return tuple(value) if isinstance(value, list) else value

    def wrong(self, value: object) -> str | None:
        """Say what is wrong with a value, if anything is."""
        value = self.taken(value)
        wrong = None if value is None and self.default is None else self.kind.wrong(value)
        return wrong and f"{self.name}: {wrong}"


def setting(kind: Kind, text: str, *, default: Any, **row: Any) -> Any:
    """Return a row with its help; for types, the attribute of its name is a value."""
    return Setting(kind, text, default, **row)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(setting,))
class Settings:
    """A record of settings, whose class is their table: each attribute of a subclass is a row.

    A setting that is None is as if it was not given. ConfigError names all that is wrong. A record does not change.
    """

    rows: ClassVar[dict[str, Setting]] = {}

    def __init_subclass__(cls) -> None:
        cls.rows = {name: row for name, row in vars(cls).items() if isinstance(row, Setting)}

    @classmethod
    def in_rows(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Return what was given as the rows of the table have it."""
        return given

    def __init__(self, **given: Any) -> None:
        given = self.in_rows(given)
        values = {name: row.default for name, row in self.rows.items()} | brought_by(given.get("format"))
        values |= {name: row.taken(given[name]) for name, row in self.rows.items() if given.get(name) is not None}
        unknown = [unknown_key(name, self.rows) for name in given if name not in self.rows]
        wrong = [text for name, row in self.rows.items() if name in given and (text := row.wrong(values[name]))]
        if unknown or wrong:
            known = [known_keys(self.rows)] if unknown else []
            raise ConfigError("; ".join([*unknown, *wrong, *known]))
        vars(self).update(values)
        if contradictions := dict(self.contradictions()):
            hint = next(filter(None, contradictions.values()), None)
            raise ConfigError("; ".join(contradictions)).with_hint(hint)

    def contradictions(self) -> Iterator[tuple[str, str | None]]:
        """Yield what makes no sense together, each with what to type."""
        yield from ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} does not change: make another")

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"

    def _asdict(self) -> dict[str, Any]:
        return dict(vars(self))

    def _replace(self, **settings: Any) -> Self:
        return type(self)(**{**vars(self), **settings})


def brought_by(name: object) -> dict[str, Any]:
    """Return the settings that the format of that name brings; none if there is no such format."""
    if not isinstance(name, str):
        return {}
    from stream_signal.core.formats import FORMATS

    return FORMATS[name].settings if name in FORMATS else {}


def as_json(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON has them, which knows no tuple.

    >>> as_json({"column": ("close", 5)})
    {'column': ['close', 5]}
    """
    return {key: value_as_json(value) for key, value in settings.items()}


def value_as_json(value: Any) -> Any:
    """Return the value of a setting as JSON has it."""
    return list(value) if isinstance(value, tuple) else value


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Say that there is no such setting, and which one may be meant."""
    return f"unknown key {shown(key)}{nearest(key, known)}"


def known_keys(known: Iterable[str]) -> str:
    """List the settings that there are."""
    return f"known keys: {', '.join(known)}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the words that propose the known one that is nearest, if any is near.

    >>> nearest("windw", ["seed", "window"])
    " (did you mean 'window'?)"
    """
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), [name for name in known if name != word], n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
