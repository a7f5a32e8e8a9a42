"""JSON Schemas of what the command reads and writes as JSON or YAML; that of the config follows from the settings.

They are of draft 2020-12. The schema of the log has what each line has; the events have fields of their own, in the
reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.core.config import SETTINGS

if TYPE_CHECKING:
    from stream_signal.core.settings import Setting

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_TEXT, _COUNT, _OBJECT = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "object"}
_RATE = {"type": "number", "minimum": 0, "maximum": 1}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
# One value of each type that a setting may have; a text and a list of them have to be of the right form, too.
_SAMPLES: dict[str, tuple[Any, ...]] = {
    "boolean": (True, False),
    "integer": (1, 5, 10**6),
    "number": (0.5,),
    "string": ("close", "2024-01-01", "{key}-*.csv"),
    "array": ((5, 20), ("date", "time"), ("close", 5)),
}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None, **others: Any) -> dict[str, Any]:
    """Return the schema of an object that has these fields, and may have the optional ones, and no others."""
    fields = {**required, **(optional or {})}
    return {"type": "object", "properties": fields, "required": list(required), "additionalProperties": False, **others}


def _setting(row: Setting) -> dict[str, Any]:
    """Return the schema of a setting, by what its kind allows."""
    texts, allows = row.kind.texts(), row.kind.allows
    few = list(dict.fromkeys([*texts.values(), *(text for text, value in texts.items() if type(value) is not bool)]))
    of_samples = [
        name for name, samples in _SAMPLES.items() if any(allows(sample) and sample not in few for sample in samples)
    ]
    unset: list[Any] = [None] if row.default is None else []
    if not of_samples:
        return {"description": row.help, "enum": [*few, *unset]}
    types = [*of_samples, *["array"] * (row.name == "window"), *["null"] * len(unset)]
    return {"description": row.help, "type": types}


def _config() -> dict[str, Any]:
    rows = {name: _setting(row) for name, row in SETTINGS.items()}
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


def _error() -> dict[str, Any]:
    required = {"version": _TEXT, "status": {"const": "error"}, "error_message": _TEXT}
    return _object(required, {"code": {"type": "string", "pattern": "^[a-z_]+$"}, "hint": _TEXT})


def _manifest() -> dict[str, Any]:
    required = {
        "manifest": {"const": 1},
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
    return _object({"schema": {"enum": [2, 3, 4]}, "sha256": _SHA256, "saved": _OBJECT})


_SCHEMAS = {
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
    title, make = _SCHEMAS[name]
    return {"$schema": _DRAFT, "title": title, **make()}
