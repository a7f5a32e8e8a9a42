"""The JSON Schemas: what the command writes is as they say, and a config is so if the command takes it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from fastjsonschema import JsonSchemaValueException
from hypothesis import given
from hypothesis import strategies as st

jsonschema = pytest.importorskip("jsonschema")

import stream_signal  # noqa: E402
from stream_signal import ConfigError  # noqa: E402
from stream_signal.command.schemas import SCHEMAS, schema_of  # noqa: E402
from stream_signal.core.config import SETTINGS  # noqa: E402
from stream_signal.core.formats import FORMATS  # noqa: E402
from support.commands import REPOSITORY, parse_config, run_command, run_in_process, settings_yaml  # noqa: E402
from support.outputs import Outputs  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = Path(stream_signal.__file__).parent / "schemas"
REQUIRED = {"seed": 42, "window": 5, "version": "v1"}


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


@cache
def validator(name: str) -> Any:
    """Return the validator of a schema, which is one itself."""
    schema = schema_of(name)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


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
    record, found = json.loads((folder / file).read_text()), validator(name)
    found.validate(record)
    for field in schema_of(name)["required"]:
        assert not found.is_valid({key: value for key, value in record.items() if key != field})
    assert not found.is_valid({**record, "other": 1})


def test_a_full_error_record(folder: Path) -> None:
    """It has the kind of the error and its hint behind the fields of the plain one."""
    plain, full = (json.loads((folder / f"{name}.json").read_text()) for name in ("error", "full"))
    assert list(full) == ["version", "status", "error_message", "code", "hint"]
    assert {**plain, "code": "data", "hint": full["hint"]} == full
    assert "--key symbol" in full["hint"]


def test_the_log(folder: Path) -> None:
    """Each line of a log is valid."""
    lines = (folder / "run.log").read_text().splitlines()
    assert len(lines) > 10
    for line in lines:
        validator("log").validate(json.loads(line))


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ((), {"-": "{}"}),
        (("data.csv", "--output=a"), {"a": '{"version": "v1", "status": "error"}'}),
        (("data.csv", "-o", "a", "--manifest", "b"), {"b": '{"manifest": 2}'}),
        (("-o", "a", "--checkpoint", "b"), {"b": '{"schema": 1, "sha256": "", "saved": {}}'}),
        (("-o", "a", "--log-file", "b"), {"b": '{"event": "done", "level": "loud", "timestamp": "noon"}\n'}),
    ],
    ids=["metrics", "error", "manifest", "checkpoint", "log"],
)
def test_every_run_is_checked(arguments: tuple[str, ...], written: dict[str, str], tmp_path: Path) -> None:
    """The check that all tests of the command go through fails for what is not as its schema says."""
    outputs = Outputs(arguments, tmp_path)
    for name, text in written.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(JsonSchemaValueException):
        outputs.check(written.get("-", "").encode(), b"")


def test_what_a_run_found_is_not_checked(tmp_path: Path) -> None:
    """What was there before a run is none of its outputs."""
    (tmp_path / "b").write_text("{}")
    Outputs(("-o", "a", "--checkpoint", "b"), tmp_path).check(b"", b"")


def test_the_files() -> None:
    """The package has each schema as a file, byte for byte as the command prints it (`make schemas`)."""
    assert {path.name for path in FILES.iterdir()} == {f"{name}.schema.json" for name in SCHEMAS}
    for name in SCHEMAS:
        printed = run_in_process("schema", name, cwd=REPOSITORY).stdout
        assert (FILES / f"{name}.schema.json").read_bytes() == printed


def test_the_config_names_its_schema() -> None:
    """The config of the repository tells editors where its schema is, and is as it says."""
    first, *_ = (REPOSITORY / "config.yaml").read_text().splitlines()
    path = first.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads((REPOSITORY / path).read_text())
    assert schema == schema_of("config")
    jsonschema.validate(yaml.safe_load((REPOSITORY / "config.yaml").read_text()), schema)


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
def test_a_config(settings: dict[str, Any], tmp_path: Path) -> None:
    """A config that a job takes is valid, and so is what --print-config prints of it."""
    (tmp_path / "config.yaml").write_text(settings_yaml(**settings))
    done = run_in_process("--print-config", cwd=tmp_path)
    assert done.code == 0, done.stderr
    validator("config").validate(REQUIRED | settings)
    validator("config").validate(yaml.safe_load(done.stdout))


@pytest.mark.parametrize(
    "settings",
    [
        {"windw": 5},
        {"window": 0},
        {"window": 10**9 + 1},
        {"window": "5"},
        {"window": 5.5},
        {"window": []},
        {"window": [5, 5]},
        {"window": [5, 0]},
        {"windows": 7},
        {"windows": [7, 7]},
        {"windows": list(range(10, 111))},
        {"seed": -1},
        {"seed": 2**63},
        {"version": 1.1},
        {"version": " "},
        {"column": 0},
        {"column": 100_001},
        {"column": True},
        {"column": [5, "close"]},
        {"column": ["close", 5, 6]},
        {"time_column": ["date", "time", "zone"]},
        {"header": "true"},
        {"header": 1},
        {"delimiter": "x"},
        {"bad_rows": "skip"},
        {"format": "bianance"},
        {"decimal": ";"},
        {"thousands": "x"},
        {"negative": "minus"},
        {"max_bad": 2},
        {"max_bad": -0.5},
        {"key": 0},
        {"key": ["a", "b"]},
        {"key_pattern": "*.csv"},
        {"key_pattern": "{key}{key}"},
        {"max_keys": 10**7 + 1},
        {"grouped": "maybe"},
        {"grouped": None},
        {"since": "tomorrow"},
        {"until": True},
    ],
    ids=str,
)
def test_a_wrong_config(settings: dict[str, Any]) -> None:
    """What a job refuses is not valid, whatever key it is in."""
    assert not validator("config").is_valid(REQUIRED | settings)
    with pytest.raises(ConfigError):
        parse_config(settings_yaml(**settings).encode())


def around(schema: dict[str, Any]) -> Iterator[Any]:
    """Yield values at the bounds of a schema and beside them, and those that it names."""
    for word, value in schema.items():
        if word in {"minimum", "maximum"}:
            yield from (value - 1, value, value + 1)
        elif word == "maxItems":
            yield from (list(range(10, 10 + length)) for length in (value, value + 1))
        elif word == "enum":
            yield from value
        elif word in {"anyOf", "items"}:
            for part in value if isinstance(value, list) else [value]:
                yield from around(part)


# Anything that a config may have, with what is allowed for some key, and for another is not. JSON Schema knows no
# difference between 5.0 and 5, which the command does.
TEXTS = ["", " ", "close", "none", "auto", "true", "@file", "{key}-*.csv", "{key}{key}", "space", "\t", "\n", "5", "-"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 120),
    st.integers(-(2**63), 2**63),
    st.sampled_from([-0.5, 0.25, 0.999, 1.5, 99.5]),
    st.sampled_from([*TEXTS, *FORMATS]),
    st.text(st.characters(codec="utf-8"), max_size=3),
    st.sampled_from([value for row in schema_of("config")["properties"].values() for value in around(row)]),
)
VALUES = st.one_of(SCALARS, SCALARS, st.lists(SCALARS, max_size=4))
# For each key that needs others, some; the schema knows no two of them.
BESIDE: list[dict[str, Any]] = [{}, {"window": 10**9 - 7}, {"column": 5}, {"key_pattern": "{key}"}, {"decimal": ","}]


def is_taken(key: str, value: Any) -> bool:
    """Whether the command takes a value for a key, beside others that may have to be there."""
    for others in BESIDE:
        try:
            parse_config(settings_yaml(**{**others, key: value}).encode())
        except ConfigError:
            continue
        return True
    return False


@pytest.mark.parametrize("key", [*SETTINGS, "other"])
@given(data=st.data())
def test_the_schema_is_the_program(key: str, data: st.DataObject) -> None:
    """A value of a key is valid exactly if the command takes it; of a text that is no time, only the command knows."""
    value = data.draw(VALUES)
    if key in {"since", "until"} and isinstance(value, str):
        return
    assert validator("config").is_valid(REQUIRED | {key: value}) == is_taken(key, value)


def test_what_is_given_by_the_program() -> None:
    """Every default and every setting of a format is what its key may have: they are checked here, and in no job."""
    for settings in (
        {name: row.default for name, row in SETTINGS.items()},
        *(one.settings for one in FORMATS.values()),
    ):
        assert [text for name, value in settings.items() if (text := SETTINGS[name].wrong(value))] == []


def test_no_such_schema(tmp_path: Path) -> None:
    """Another name is refused with those that there are."""
    done = run_command("schema", "metric", cwd=tmp_path)
    assert done.code == 2
    assert "expected metrics, error, config, manifest, log or checkpoint, found 'metric'" in done.stderr
