"""The strict reader of the YAML of a config, and its writer.

YAML guesses: `1.10` is a float, `yes` a bool, `010` eight and `1:30` ninety. So PyYAML parses only the structure of
the document; each value then has one meaning or is refused. Nothing here opens a file.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from stream_signal.core.errors import ConfigError
from stream_signal.core.limits import MAX_CONFIG_BYTES
from stream_signal.core.settings import Setting, Settings, is_text, known_keys, unknown_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.core.settings import Kind

_BOOLS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NO_CONFIG = "a config is a few lines such as window: 5; candles are given as a path, without --config"
_MARK = "a YAML tag or anchor"


class _Unread(str):
    """A YAML value that is neither text, nor a plain integer, nor a bool: as written, for the error message."""

    __slots__ = ()


def read_settings(data: bytes, table: type[Settings]) -> dict[str, Any]:
    r"""Read the keys and the values of a YAML document, as written; `table` has the settings that there are.

    ConfigError names every key that is unknown, there twice or missing, and then every wrong value, too. Of a document
    whose keys are right, the values are left to `Config`: a flag may replace one.

    >>> from stream_signal import Config
    >>> read_settings(b'seed: 42\nwindow: 5\nversion: "v1"', Config)
    {'seed': 42, 'window': 5, 'version': 'v1'}
    """
    rows, settings = table.rows, dict[str, Any]()
    required = [name for name, row in rows.items() if row.required]
    wrong, known, versions = [], [], []
    for line, key, value in _entries(data, f"expected the keys {', '.join(required)}"):
        versions += [value] * (key == "version")
        if isinstance(key, _Unread):
            wrong.append(f"line {line}: expected a key, found {key}")
        elif key not in rows:
            wrong.append(f"line {line}: {unknown_key(key, rows)}")
            known = [known_keys(rows)]
        elif key in settings:
            wrong.append(f"line {line}: duplicate key {key!r}")
        else:
            settings[key] = _read(value, rows[key].kind)
    missing = [key for key in required if key not in settings]
    if missing:
        wrong.append(f"missing required key{'s' * (len(missing) > 1)}: {', '.join(map(repr, missing))}")
    if not wrong:
        return settings
    wrong += [text for key, value in table.in_rows(settings).items() if (text := rows[key].wrong(value))]
    error = ConfigError("; ".join(wrong + known))
    error.version = versions[0] if len(versions) == 1 and is_text(versions[0]) else None
    lines = " and ".join(yaml_line(rows[key], rows[key].default) for key in missing)
    raise error.with_hint(f"add {'a line' if len(missing) == 1 else 'lines'} such as {lines}" if missing else None)


def _read(value: Any, kind: Kind) -> Any:
    """Read a plain decimal number, and a date, as a setting of the kind has them; YAML would read others."""
    if isinstance(value, _Unread) and kind.convert is float and re.fullmatch(r"[0-9]?\.[0-9]{1,400}", value):
        return float(value)
    return str(value) if isinstance(value, _Unread) and kind.metavar == "TIME" and kind.allows(str(value)) else value


def _entries(data: bytes, expected: str) -> Iterator[tuple[int, str, Any]]:
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
    # The last two come from a code point or a version that is too large.
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ConfigError(f"expected YAML, found: {' '.join(str(error).split())}").with_hint(_NO_CONFIG) from None
    except RecursionError:
        raise ConfigError("expected YAML, found a document nested too deeply").with_hint(_NO_CONFIG) from None
    if document is not None and document.start_mark.index in marked:
        raise ConfigError(f"{expected}, found {_MARK}").with_hint(_NO_CONFIG)
    if document is None or isinstance(document, yaml.SequenceNode):
        what = "an empty document" if document is None else "a list without keys"
        raise ConfigError(f"{expected}, found {what}").with_hint("write them one a line, such as window: 5")
    if not isinstance(document, yaml.MappingNode):  # the first lines of a CSV file are one value
        raise ConfigError(f"{expected}, found one value without keys").with_hint(_NO_CONFIG)
    for key, value in document.value:
        name = _Unread(_MARK if key.start_mark.index in marked else f"a {key.id}")
        is_key = isinstance(key, yaml.ScalarNode) and name != _MARK
        yield key.start_mark.line + 1, key.value if is_key else name, _scalar(value, marked)


def _scalar(node: Any, marked: set[int]) -> Any:
    parts = node.value if node.id == "sequence" else []
    if any(part.start_mark.index in marked for part in (node, *parts)):
        return _Unread(_MARK)
    if node.id == "sequence" and all(part.id == "scalar" for part in parts):
        return tuple(_scalar(part, marked) for part in parts)
    if node.id != "scalar":
        return _Unread(f"a {node.id}")
    kind = node.tag.rpartition(":")[2]
    if kind == "str":
        return str(node.value)
    if kind == "bool" and str(node.value).lower() in _BOOLS:
        return _BOOLS[str(node.value).lower()]
    if kind == "int" and re.fullmatch(r"-?(0|[1-9][0-9]{0,18})", node.value):
        return int(node.value)
    return _Unread(node.value or "nothing")


def yaml_line(row: Setting, value: Any) -> str:
    """Write a setting as a line of a config; as a comment, if no value there means that it is not set.

    >>> from stream_signal import Config
    >>> yaml_line(Config.rows["thousands"], None), yaml_line(Config.rows["format"], None)
    ('thousands: none', '# format: none')
    """
    if value is None and None not in row.kind.texts().values():
        return f"# {row.name}: {row.kind.unset}"
    return f"{row.name}: {'none' if value is None else _written(value)}"


def _written(value: Any) -> str:
    r"""Write a value as YAML reads it, which is not quite JSON.

    >>> _written(1e-05), _written(("Größe", 5)), _written("\x7f")
    ('0.00001', '["Größe", 5]', '"\\U0000007f"')
    """
    if isinstance(value, float):
        from decimal import Decimal

        return format(abs(Decimal(repr(value))), "f")  # an exponent is none in YAML, where no point is before it
    text = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else f"\\U{ord(character):08x}" for character in text)
