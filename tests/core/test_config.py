"""The strict config: every wrong setting is named, with what it was and what it may be."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import Config, ConfigError
from stream_signal.core.config import SETTINGS, as_config
from stream_signal.core.errors import Hint
from support.candle_csv import candle_csv
from support.commands import parse_config, run_command, run_in_process

if TYPE_CHECKING:
    from pathlib import Path

GOOD = 'seed: 42\nwindow: 5\nversion: "v1"\n'
WINDOW = "window: expected an integer from 1 to 1000000000, found "
SEED = "seed: expected an integer from 0 to 9223372036854775807, found "
VERSION = 'version: expected text, in quotes where it looks like a number ("1.10"), found '
KNOWN = (
    "known keys: seed, window, version, column, header, delimiter, bad_rows, format, time_column, newest_first, "
    "decimal, thousands, negative, max_bad, key, key_pattern, max_keys, grouped, since, until, windows"
)
MISSING = "missing required keys: 'seed', 'window', 'version'"
COLUMN = "column: expected the name of a column, or its number from 1 to 100000, found "
TIME_COLUMN = (
    "time_column: expected the name of the timestamp column, or its number from 1 to 100000, or two of these for a "
    "date and a time, found "
)
FORMAT = "format: expected the name of a format (`stream-signal formats` lists them), found "

WRONG = [
    ("", "expected the keys seed, window, version, found an empty document"),
    ("- 1\n", "expected the keys seed, window, version, found a list without keys"),
    ("candles\n", "expected the keys seed, window, version, found one value without keys"),
    ("window: 5\n", "missing required keys: 'seed', 'version'"),
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
    (GOOD.replace("5", "[]"), WINDOW + "a sequence"),
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
    (GOOD + "header: !!bool maybe\n", "header: expected true, false or auto, found a YAML tag or anchor"),
    (
        GOOD.replace("42", '!!int "42"'),
        "seed: expected an integer from 0 to 9223372036854775807, found a YAML tag or anchor",
    ),
    (GOOD.replace('"v1"', "!!str v1"), VERSION + "a YAML tag or anchor"),
    (GOOD + "column: ! close\n", COLUMN + "a YAML tag or anchor"),
    (GOOD + "column: [!own close, 5]\n", COLUMN + "a YAML tag or anchor"),
    (GOOD + "time_column: !!seq [a, b]\n", TIME_COLUMN + "a YAML tag or anchor"),
    (
        GOOD + "column: &name close\ntime_column: *name\n",
        f"{COLUMN}a YAML tag or anchor; {TIME_COLUMN}a YAML tag or anchor",
    ),
    (
        GOOD.replace("seed: 42", "sed: 42").replace("5", "0") + "bad_rows: mising\n",
        (
            f"line 1: unknown key 'sed' (did you mean 'seed'?); missing required key: 'seed'; {WINDOW}0; "
            f"bad_rows: expected error or missing, found 'mising' (did you mean 'missing'?); {KNOWN}"
        ),
    ),
    (
        GOOD.replace("5", "0") + "windows: [3, 3]\nkey: 0\n",
        (
            f"{WINDOW}0; key: expected the name of a column, or its number from 1 to 100000, or @file, or none, "
            "found 0; "
            "windows: expected a list of at most 100 more windows, each of them once, found a sequence"
        ),
    ),
    (
        GOOD + "header: false\nkey: symbol\nthousands: .\n",
        (
            "column: expected a number counted from 1, since header is false, found 'close'; "
            "key: expected a number counted from 1, since header is false, found 'symbol'; "
            "thousands: expected another mark than that of decimal, found '.'"
        ),
    ),
    ("x: 1\ny: 2\n", f"line 1: unknown key 'x'; line 2: unknown key 'y'; {MISSING}; {KNOWN}"),
    (GOOD + "!!str column: close\n", "line 4: expected a key, found a YAML tag or anchor"),
    ("!!map {seed: 42}\n", "expected the keys seed, window, version, found a YAML tag or anchor"),
    (GOOD + "header: 0\n", "header: expected true, false or auto, found 0"),
    (GOOD + "header: false\n", "column: expected a number counted from 1, since header is false, found 'close'"),
    (GOOD + "column: 0\n", "column: expected the name of a column, or its number from 1 to 100000, found 0"),
    (GOOD + "column: ''\n", "column: expected the name of a column, or its number from 1 to 100000, found ''"),
    (
        GOOD + "delimiter: x\n",
        'delimiter: expected one of "," ";" "\\t" "|" (without the key, the first line decides), found \'x\'',
    ),
    (
        GOOD + "delimiter:\n",
        'delimiter: expected one of "," ";" "\\t" "|" (without the key, the first line decides), found nothing',
    ),
    (GOOD + "header: Auto\n", "header: expected true, false or auto, found 'Auto' (did you mean 'auto'?)"),
    (GOOD + "column: [close]\n", COLUMN + "a sequence"),
    (GOOD + "column: [5, close]\n", COLUMN + "a sequence"),
    (GOOD + "column: [close, [5]]\n", COLUMN + "a sequence"),
    (GOOD + "time_column: [a, b, c]\n", TIME_COLUMN + "a sequence"),
    (GOOD + "time_column: 0\n", TIME_COLUMN + "0"),
    (GOOD + "format: bianance\n", FORMAT + "'bianance' (did you mean 'binance'?)"),
    (GOOD + "format: 5\n", FORMAT + "5"),
    (GOOD + "newest_first: auto\n", "newest_first: expected true or false, found 'auto'"),
    (GOOD + "decimal: ;\n", 'decimal: expected "." or ",", found \';\''),
    (GOOD + "thousands: x\n", 'thousands: expected none, ",", "." or space, found \'x\''),
    (GOOD + "thousands:\n", 'thousands: expected none, ",", "." or space, found nothing'),
    (GOOD + "thousands: .\n", "thousands: expected another mark than that of decimal, found '.'"),
    (GOOD + 'decimal: ","\nthousands: ","\n', "thousands: expected another mark than that of decimal, found ','"),
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
    ("text", "hint"),
    [
        ("", "write them one a line, such as window: 5"),
        ("seed: 42\nwindow: 5\n", 'add a line such as version: "v1"'),
        ("window: 5\n", 'add lines such as seed: 42 and version: "v1"'),
        (
            "time,close\n1,2\n",
            "a config is a few lines such as window: 5; candles are given as a path, without --config",
        ),
        (
            "{" * 2000,
            "a config is a few lines such as window: 5; candles are given as a path, without --config",
        ),
        (
            GOOD + "header: false\n",
            "add the number of the close: in rows of time, open, high, low and close, --column 5",
        ),
    ],
)
def test_what_to_type(text: str, hint: str) -> None:
    """A refused config says what to write instead."""
    with pytest.raises(ConfigError) as refused:
        parse_config(text.encode())
    assert refused.value.hint == Hint(hint)


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
    wanted = Config(
        seed=7,
        window=20,
        version="1.10",
        column=("close", 5),
        header=False,
        delimiter="\t",
        bad_rows="missing",
        format="metatrader5",
        time_column=(1, "time"),
        newest_first=True,
        decimal=",",
        thousands=" ",
        key=2,
        key_pattern="{key}-1m-*.csv",
        max_keys=7,
        grouped=True,
        since="2024-01-02",
        until=1_706_693_400,
        windows=[5, 60],
    )
    text = (
        'seed: 7\nwindow: 20\nversion: "1.10"\ncolumn: [close, 5]\nheader: false\ndelimiter: "\\t"\nbad_rows: missing\n'
        'format: metatrader5\ntime_column: [1, time]\nnewest_first: true\ndecimal: ","\nthousands: space\n'
        'key: 2\nkey_pattern: "{key}-1m-*.csv"\nmax_keys: 7\ngrouped: true\nsince: 2024-01-02\nuntil: 1706693400\n'
        "windows: [5, 60]\n"
    )
    assert parse_config(text.encode()) == wanted
    assert parse_config(json.dumps(wanted._asdict()).encode()) == wanted


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    """Any bytes at all are a Config or a ConfigError."""
    try:
        outcome = repr(parse_config(data))
    except ConfigError as error:
        outcome = str(error)
    assert "\n" not in outcome


LAYERS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("", {}, {"column": "close", "header": True, "delimiter": None}),
    ("format: histdata\n", {}, {"format": "histdata", "column": 5, "header": False, "delimiter": ";"}),
    ("column: 3\nformat: histdata\n", {}, {"column": 3, "header": False, "delimiter": ";"}),
    ("column: 3\n", {"format": "histdata"}, {"column": 5, "header": False, "delimiter": ";"}),
    ("column: 3\n", {"format": "histdata", "column": 4}, {"column": 4, "header": False, "delimiter": ";"}),
    ("column: 3\nformat: kraken\n", {"header": True}, {"format": "kraken", "column": 3, "header": True}),
    ("format: metatrader5\n", {"format": "yahoo"}, {"format": "yahoo", "delimiter": None, "time_column": "date"}),
    ("format: no such\n", {"format": "kraken"}, {"format": "kraken", "column": 5}),
    ("thousands: space\n", {"thousands": "none"}, {"thousands": None}),
    ("window: 0\n", {"window": 7}, {"window": 7}),
    ("format: coinbase\n", {"newest_first": False}, {"newest_first": False, "column": ("close", 5)}),
]


@pytest.mark.parametrize(("document", "flags", "wanted"), LAYERS, ids=[repr(layers[:2]) for layers in LAYERS])
def test_layers(document: str, flags: dict[str, Any], wanted: dict[str, Any]) -> None:
    """The command line wins over the config, and in each a setting of its own over one that its format brings."""
    base = GOOD.replace("window: 5\n", "") if "window" in document else GOOD
    found = parse_config((base + document).encode(), **flags)._asdict()
    assert {key: found[key] for key in wanted} == wanted


def test_a_format_in_python() -> None:
    """Config takes a format, other settings win over what it brings, and a copy or a pickle of it is the same."""
    config = Config(format="coinbase", newest_first=False)
    assert (config.column, config.header, config.time_column, config.newest_first) == (("close", 5), "auto", 1, False)
    assert pickle.loads(pickle.dumps(config)) == config
    assert config._replace(window=7) == Config(format="coinbase", newest_first=False, window=7)
    with pytest.raises(ConfigError, match="format: expected the name of a format"):
        Config(format="x")


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
    assert done.record == {"version": "v1", "status": "error", "error_message": f"config.yaml: {WINDOW}0"}


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('seed: 42\nwindow: 0\nversion: "v7"\n', "v7"),
        ('wimdow: 5\nversion: "v7"\n', "v7"),
        ('? [a]\n: 1\nversion: "v7"\n', "v7"),
        ('seed: 42\nversion: "v7"\n', "v7"),
        ('seed: 42\nseed: 42\nwindow: 5\nversion: "v7"\n', "v7"),
        (GOOD.replace("v1", "v7") + "format: bianance\n", "v7"),
        ('version: "v7"\nversion: "v8"\n', "unknown"),
        (GOOD.replace('"v1"', "1.10"), "unknown"),
        ("window: 0\n", "unknown"),
        ('version: "v7"\nwindow: [\n', "unknown"),
    ],
)
def test_the_version_of_a_wrong_config(text: str, version: str, tmp_path: Path) -> None:
    """An error in one key leaves the version that could be read in the error record; --version-tag wins over it."""
    (tmp_path / "config.yaml").write_text(text)
    for flags, wanted in (((), version), (("--version-tag", "v9"), "v9")):
        done = run_in_process(*flags, stdin=candle_csv(["1"]), cwd=tmp_path)
        if done.code:  # the flag may be what was missing
            assert done.record["version"] == wanted
    assert run_in_process(cwd=tmp_path).code == 1


def test_the_version_where_flags_are_wrong(tmp_path: Path) -> None:
    """Without a config, the version is the default, also where the flags do not fit each other."""
    done = run_in_process("--no-header", stdin=candle_csv(["1"], header=False), cwd=tmp_path)
    assert (done.code, done.record["version"]) == (1, "v1")


@pytest.mark.parametrize("name", [name for name, row in SETTINGS.items() if row.kind.texts()])
def test_what_may_be_typed(name: str) -> None:
    """Each text that stands for a value is written for it, and means it in a config too, but for true and false."""
    kind = SETTINGS[name].kind
    for text, value in kind.texts().items():
        assert (kind.read(text), kind.text(value)) == (value, text)
        if isinstance(value, bool):
            assert SETTINGS[name].wrong(text)
        else:
            assert SETTINGS[name].taken(text) == value
    assert SETTINGS["delimiter"].kind.read("\\t") == "\t"


def test_what_json_and_numpy_have() -> None:
    """A list is a tuple, what is of NumPy is Python's, and None is as if nothing was given."""
    wanted = Config(column=("close", 5), time_column=("day", 2), window=7, windows=(3, 4))
    lists = {"column": ["close", 5], "time_column": ["day", 2], "window": np.int64(7), "windows": np.array([3, 4])}
    assert as_config(lists) == wanted
    given = {"format": "kraken", "delimiter": None, "column": None, "window": None}
    assert as_config(given) == Config(format="kraken")
    with pytest.raises(ConfigError, match=r"^windows: expected a list"):
        as_config({"windows": [[3], [4]]})


def test_a_config_does_not_change() -> None:
    """A config is a value: it cannot be changed, equal ones are one key of a dict, and any wrong name is refused."""
    config = Config(window=7)
    with pytest.raises(AttributeError, match="make another"):
        config.window = 8  # type: ignore[misc]
    assert {config: 1}[Config(window=7)] == 1
    assert (config == Config(), config == 7) == (False, False)
    with pytest.raises(ConfigError, match=r"^unknown key 'windw' \(did you mean 'window'\?\); window: expected an int"):
        Config(windw=5, window=0)  # type: ignore[call-arg]


def test_as_config() -> None:
    """A dict of settings is checked as a Config is, its keys too."""
    with pytest.raises(ConfigError) as refused:
        as_config({"windw": 5})
    assert str(refused.value) == f"unknown key 'windw' (did you mean 'window'?); {KNOWN}"
    with pytest.raises(ConfigError, match=r"^window: expected an integer"):
        as_config({"window": np.float64(5)})
