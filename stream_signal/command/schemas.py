"""JSON Schemas of what the command reads and writes as JSON or YAML; that of the config follows from the settings.

They are of draft 7, the newest that all editors know. `make schemas` writes them to files of the package, too, for who
runs no command. That of the config says of each key what the program says; which keys contradict each other and which
days are in no calendar, the program alone knows. The schema of the log has what each line has; the events have fields
of their own, in the reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.config import SETTINGS
from stream_signal.core.errors import StreamSignalError
from stream_signal.core.settings import fits
from stream_signal.job import manifest, saved

if TYPE_CHECKING:
    from stream_signal.core.settings import Kind, Setting

_DRAFT = "http://json-schema.org/draft-07/schema#"
_TEXT, _COUNT, _OBJECT = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "object"}
_RATE = {"type": "number", "minimum": 0, "maximum": 1}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    """Return the schema of an object that has these fields, and may have the optional ones, and no others."""
    fields = {**required, **(optional or {})}
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False, **others}


def of_kind(kind: Kind) -> dict[str, Any]:
    """Return the schema of the values of a kind as a config file has them, or the command line.

    >>> from stream_signal.core.settings import BOOLEAN, integer
    >>> of_kind(BOOLEAN), of_kind(integer(1, 5))
    ({'enum': [True, False]}, {'type': 'integer', 'minimum': 1, 'maximum': 5})
    """
    few = [one for text, value in kind.texts().items() for one in (value, text) if one is not None]
    # A bool is none in quotes.
    few = [one for one in dict.fromkeys(few) if not (type(one) is str and type(kind.texts().get(one)) is bool)]
    few = [one for one in few if not kind.schema or not fits(one, kind.schema)]
    schemas = [*([kind.schema] if kind.schema else []), *([{"enum": few}] if few else [])]
    return dict(schemas[0]) if len(schemas) == 1 else {"anyOf": schemas}


def of_setting(row: Setting) -> dict[str, Any]:
    """Return the schema of a setting as a config file has it: a `window` may bring the further ones."""
    schema = of_kind(row.kind)
    further = SETTINGS["windows"].kind.schema
    if row.name == "window" and further:
        schema = {"anyOf": [schema, {**further, "minItems": 1, "maxItems": 1 + further["maxItems"]}]}
    return {"description": row.help, **schema}


def _config() -> dict[str, Any]:
    rows = {name: of_setting(row) for name, row in SETTINGS.items()}
    required = {name: schema for name, schema in rows.items() if SETTINGS[name].required}
    return _object(required, {name: schema for name, schema in rows.items() if name not in required})


def _by_window() -> dict[str, Any]:
    counts = _object({"signals": _COUNT, "value": _RATE})
    return {"type": "object", "patternProperties": {"^[0-9]+$": counts}, "additionalProperties": False}


def _by_key() -> dict[str, Any]:
    counts = _object({"rows": _COUNT, "signals": _COUNT, "value": _RATE}, {"by_window": _by_window()})
    return {"type": "object", "additionalProperties": counts}


def _metrics() -> dict[str, Any]:
    required = {
        "version": _TEXT,
        "rows_processed": {"type": "integer", "minimum": 1},
        "metric": {"const": "signal_rate"},
        "value": _RATE,
        "latency_ms": _COUNT,
        "seed": {"type": "integer"},
        "status": {"enum": ["success", "running"]},
    }
    optional = {"by_window": _by_window(), "by_key": _by_key(), "keys": _COUNT}
    return _object(required, {**optional, "pid": _COUNT, "written": {"type": "string", "format": "date-time"}})


def codes(error: type[StreamSignalError] = StreamSignalError) -> list[str]:
    """Return the codes of the errors below one."""
    below = error.__subclasses__()
    return [code for kind in below for code in (kind.code, *codes(kind))]


def _error() -> dict[str, Any]:
    required = {"version": _TEXT, "status": {"const": "error"}, "error_message": _TEXT}
    return _object(required, {"code": {"enum": codes()}, "hint": _TEXT})


def _manifest() -> dict[str, Any]:
    required = {
        "manifest": {"const": manifest.SCHEMA},
        "inputs": {
            "type": "array",
            "minItems": 1,
            "items": _object({"name": _TEXT, "bytes": _COUNT, "sha256": _SHA256}),
        },
        "config": {"type": ["string", "null"]},
        "flags": _OBJECT,
        "settings": _OBJECT,
        "versions": {"type": "object", "additionalProperties": _TEXT},
        "rows": _COUNT,
        "signals": _COUNT,
        "value": _RATE,
    }
    optional = {"by_window": _by_window(), "by_key": _by_key(), "notes": {"type": "array", "items": _TEXT}}
    return _object(required, {**optional, "period": _OBJECT})


def _log() -> dict[str, Any]:
    levels = ["debug", "info", "warning", "error", "critical"]
    required = {"event": _TEXT, "level": {"enum": levels}, "timestamp": {"type": "string", "format": "date-time"}}
    return _object(required, additionalProperties=True)


def _checkpoint() -> dict[str, Any]:
    return _object(
        {
            "schema": {"type": "integer", "minimum": saved.OLDEST_SCHEMA, "maximum": saved.SCHEMA},
            "sha256": _SHA256,
            "saved": _OBJECT,
        }
    )


SCHEMAS = {
    "metrics": ("The metrics of a job", _metrics),
    "error": ("What is written in place of the metrics of a job that fails", _error),
    "config": ("A config file; it is YAML", _config),
    "manifest": ("What --manifest writes", _manifest),
    "log": ("A line of the log", _log),
    "checkpoint": ("What --checkpoint saves", _checkpoint),
}


def schema_of(name: str) -> dict[str, Any]:
    """Return a schema by its name.

    >>> schema_of("error")["required"]
    ['version', 'status', 'error_message']
    """
    title, make = SCHEMAS[name]
    return {"$schema": _DRAFT, "title": title, **make()}
