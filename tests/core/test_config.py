"""The strict config: every wrong setting is named, with what it was and what it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, ConfigError
from stream_signal.core.config import parse_config
from support.candle_csv import candle_csv
from support.commands import run_command

if TYPE_CHECKING:
    from pathlib import Path

GOOD = 'seed: 42\nwindow: 5\nversion: "v1"\n'
WINDOW = "window: expected an integer from 1 to 1000000000, found "
SEED = "seed: expected an integer from 0 to 9223372036854775807, found "
VERSION = 'version: expected text, in quotes where it looks like a number ("1.10"), found '
KNOWN = "known keys: seed, window, version, column, header, delimiter, bad_rows, max_bad"

WRONG = [
    ("", "expected the keys seed, window, version, found nothing"),
    ("- 1\n", "expected the keys seed, window, version, found none"),
    ("window: 5\n", "missing required key: 'seed'"),
    ("seed: 42\nversion: v1\n", "missing required key: 'window'"),
    ("seed: 42\nwindow: 5\n", "missing required key: 'version'"),
    (GOOD.replace("5", "0"), WINDOW + "0"),
    (GOOD.replace("5", "-3"), WINDOW + "-3"),
    (GOOD.replace("5", "1000000001"), WINDOW + "1000000001"),
    (GOOD.replace("5", "5.0"), WINDOW + "5.0"),
    (GOOD.replace("5", '"5"'), WINDOW + "'5'"),
    (GOOD.replace("5", "true"), WINDOW + "True"),
    (GOOD.replace("5", "010"), WINDOW + "010"),
    (GOOD.replace("5", "1_000"), WINDOW + "1_000"),
    (GOOD.replace("5", "1:30"), WINDOW + "1:30"),
    (GOOD.replace("5", "0x1F"), WINDOW + "0x1F"),
    (GOOD.replace("5", ""), WINDOW + "nothing"),
    (GOOD.replace("5", "[5]"), WINDOW + "a sequence"),
    (GOOD.replace("5", "{a: 5}"), WINDOW + "a mapping"),
    (GOOD.replace("42", "x"), SEED + "'x'"),
    (GOOD.replace("42", "-1"), SEED + "-1"),
    (GOOD.replace("42", "9" * 5000), SEED + "9" * 60),
    (GOOD.replace('"v1"', "1.10"), VERSION + "1.10"),
    (GOOD.replace('"v1"', "7"), VERSION + "7"),
    (GOOD.replace('"v1"', "yes"), VERSION + "True"),
    (GOOD.replace('"v1"', "2024-01-01"), VERSION + "2024-01-01"),
    (GOOD.replace('"v1"', '""'), VERSION + "''"),
    (
        GOOD + "wimdow: 3\n",
        f"line 4: unknown key 'wimdow' (did you mean 'window'?); {KNOWN}",
    ),
    (
        GOOD + "xyz: 3\n",
        f"line 4: unknown key 'xyz'; {KNOWN}",
    ),
    (GOOD + "window: 6\n", "line 4: duplicate key 'window'"),
    (GOOD + "? [a]\n: 1\n", "line 4: expected a key, found a sequence"),
    (GOOD + "bad_rows: maybe\n", "bad_rows: expected error or missing, found 'maybe'"),
    (GOOD + "header: !!bool maybe\n", "header: expected true or false, found maybe"),
    (GOOD + "header: 0\n", "header: expected true or false, found 0"),
    (GOOD + "header: false\n", "column: expected a number counted from 1, since header is false, found 'close'"),
    (GOOD + "column: 0\n", "column: expected the name of a column, or its number counted from 1, found 0"),
    (GOOD + "column: ''\n", "column: expected the name of a column, or its number counted from 1, found ''"),
    (
        GOOD + "delimiter: x\n",
        'delimiter: expected one of "," ";" "\\t" "|" (without the key, the first line decides), found \'x\'',
    ),
    (
        GOOD + "delimiter:\n",
        'delimiter: expected one of "," ";" "\\t" "|" (without the key, the first line decides), found nothing',
    ),
    ("[" * 5000, "expected YAML, found a document nested too deeply"),
    ("#" * 70_000, "expected at most 65536 bytes of settings, found more"),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[text[:40] for text, _ in WRONG])
def test_wrong(text: str, message: str) -> None:
    """A wrong config is refused with the whole reason."""
    with pytest.raises(ConfigError) as refused:
        parse_config(text.encode())
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "text",
    [
        "seed: [\n",
        'version: "\\U00110000"\n',
        'version: "\\UFFFFFFFF"\n',
        "%YAML 1." + "1" * 5000 + "\n---\nseed: 1\n",
        "!!python/object/apply:os.system ['true']\n",
        "\x00\x01",
        "a: b: c\n",
    ],
)
def test_no_yaml(text: str) -> None:
    """What is no YAML mapping is refused on one line, and no tag is obeyed."""
    with pytest.raises(ConfigError, match=r"^expected (YAML|the keys)[^\n]*$"):
        parse_config(text.encode())


def test_aliases_are_not_expanded() -> None:
    """The billion laughs are refused at once, by the key they stand at."""
    bomb = "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    with pytest.raises(ConfigError, match="line 4: unknown key 'a'"):
        parse_config((GOOD + bomb).encode())


def test_everything_set() -> None:
    """Every key is taken as written, from YAML or from JSON."""
    wanted = Config(seed=7, window=20, version="1.10", column=5, header=False, delimiter="\t", bad_rows="missing")
    text = 'seed: 7\nwindow: 20\nversion: "1.10"\ncolumn: 5\nheader: false\ndelimiter: "\\t"\nbad_rows: missing\n'
    assert parse_config(text.encode()) == wanted
    json = '{"seed":7,"window":20,"version":"1.10","column":5,"header":false,"delimiter":"\\t","bad_rows":"missing"}'
    assert parse_config(json.encode()) == wanted


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Any bytes at all are a Config or a ConfigError."""
    try:
        outcome = repr(parse_config(data))
    except ConfigError as error:
        outcome = str(error)
    assert "\n" not in outcome


def test_flags_stand_above_the_config(tmp_path: Path) -> None:
    """--window and --column override the config; a column that only the flag makes right is right."""
    (tmp_path / "config.yaml").write_text(GOOD + "header: false\n")
    data = candle_csv(["1", "2", "3"], header=False)
    done = run_command("--window", "2", "--column", "5", stdin=data, cwd=tmp_path)
    assert (done.code, done.record["value"]) == (0, 2 / 3)


def test_where_the_config_comes_from(tmp_path: Path) -> None:
    """--config is read where given, else ./config.yaml where it is there, else the built-in settings stand."""
    data = candle_csv(["1", "2"])
    done = run_command(stdin=data, cwd=tmp_path)
    assert (done.record["seed"], done.record["version"]) == (42, "v1")
    (tmp_path / "config.yaml").write_text(GOOD.replace("42", "1"))
    (tmp_path / "other.yaml").write_text(GOOD.replace("42", "2"))
    assert run_command(stdin=data, cwd=tmp_path).record["seed"] == 1
    assert run_command("--config", "other.yaml", stdin=data, cwd=tmp_path).record["seed"] == 2


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_no_config_there(name: str, tmp_path: Path) -> None:
    """A config that cannot be read is an error with its path, and the version is unknown."""
    done = run_command("--config", name, stdin=candle_csv(["1"]), cwd=tmp_path)
    assert done.code == 1
    assert done.record["version"] == "unknown"
    assert done.record["error_message"].startswith(f"cannot read {name!r}: ")


def test_the_error_names_the_file(tmp_path: Path) -> None:
    """A wrong config is named by its path."""
    (tmp_path / "config.yaml").write_text(GOOD.replace("5", "0"))
    done = run_command(stdin=candle_csv(["1"]), cwd=tmp_path)
    assert done.record == {"version": "unknown", "status": "error", "error_message": f"config.yaml: {WINDOW}0"}
