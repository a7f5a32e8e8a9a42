"""The JSON Schemas: what the command writes is as they say, and what it refuses is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

jsonschema = pytest.importorskip("jsonschema")

from support.commands import run_command, run_in_process, settings_yaml  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with what jobs write: of keys and windows, of one that fails, of one that runs on a checkpoint."""
    folder = tmp_path_factory.mktemp("jobs")
    market = run_command("candles", "--symbols", "3", "--rows", "300", cwd=folder).stdout
    (folder / "market.csv").write_bytes(market)
    flags = ("market.csv", "--key", "symbol", "--window", "5,20", "--log-file", "run.log", "--quiet")
    run_command(*flags, "--manifest", "manifest.json", "--output", "metrics.json", cwd=folder)
    run_command(
        *flags, "--checkpoint", "checkpoint.json", "--keys-output", "keys.csv", "--output", "short.json", cwd=folder
    )
    run_command("market.csv", "--log-file", "run.log", "--output", "error.json", cwd=folder)
    run_command("market.csv", "--error-format", "full", "--output", "full.json", cwd=folder)
    return folder


def schema(name: str, folder: Path) -> dict[str, Any]:
    """Return a schema as it is printed, which is one itself."""
    found: dict[str, Any] = json.loads(run_in_process("schema", name, cwd=folder).stdout)
    jsonschema.Draft202012Validator.check_schema(found)
    return found


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("metrics", "metrics.json"),
        ("metrics", "short.json"),
        ("error", "error.json"),
        ("error", "full.json"),
        ("manifest", "manifest.json"),
        ("checkpoint", "checkpoint.json"),
    ],
)
def test_what_is_written(folder: Path, name: str, file: str) -> None:
    """Each record is valid, and is none without one of its required fields, or with another one."""
    record, found = json.loads((folder / file).read_text()), schema(name, folder)
    jsonschema.validate(record, found)
    for field in found["required"]:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({key: value for key, value in record.items() if key != field}, found)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**record, "other": 1}, found)


def test_a_full_error_record(folder: Path) -> None:
    """It has the kind of the error and its hint behind the fields of the plain one."""
    plain, full = (json.loads((folder / f"{name}.json").read_text()) for name in ("error", "full"))
    assert list(full) == ["version", "status", "error_message", "code", "hint"]
    assert {**plain, "code": "data", "hint": full["hint"]} == full
    assert "--key symbol" in full["hint"]


def test_the_log(folder: Path) -> None:
    """Each line of a log is valid."""
    lines, found = (folder / "run.log").read_text().splitlines(), schema("log", folder)
    assert len(lines) > 10
    for line in lines:
        jsonschema.validate(json.loads(line), found)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"window": [5, 20], "column": 3, "key": 2, "grouped": True},
        {"column": 4, "header": False, "delimiter": ";", "decimal": ",", "thousands": ".", "bad_rows": "missing"},
        {"time_column": ["date", "time"], "max_bad": 0.25, "key": "@file", "key_pattern": "{key}-*.csv", "max_keys": 7},
        {"newest_first": True, "negative": "parentheses", "windows": [7, 9]},
        {"since": "2024-01-01", "until": "2024-02-01T00:00:00Z"},
        {"format": "binance"},
    ],
)
def test_a_config(folder: Path, settings: dict[str, Any], tmp_path: Path) -> None:
    """A config that a job takes is valid, and so is what --print-config prints of it."""
    (tmp_path / "config.yaml").write_text(settings_yaml(**settings))
    done = run_in_process("--print-config", cwd=tmp_path)
    assert done.code == 0, done.stderr
    found = schema("config", folder)
    jsonschema.validate({"seed": 42, "window": 5, "version": "v1"} | settings, found)
    jsonschema.validate(yaml.safe_load(done.stdout), found)


@pytest.mark.parametrize(
    "settings", [{"windw": 5}, {"bad_rows": "skip"}, {"window": "5"}, {"grouped": "maybe"}, {"version": 1.1}]
)
def test_a_wrong_config(folder: Path, settings: dict[str, Any]) -> None:
    """What a job refuses by its type or its name is not valid."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"seed": 42, "window": 5, "version": "v1"} | settings, schema("config", folder))


def test_no_such_schema(tmp_path: Path) -> None:
    """Another name is refused with those that there are."""
    done = run_command("schema", "metric", cwd=tmp_path)
    assert done.code == 2
    assert "expected metrics, error, config, manifest, log or checkpoint, found 'metric'" in done.stderr
