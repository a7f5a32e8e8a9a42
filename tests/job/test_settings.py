"""Where the settings of a job come from: flags, the config, formats, defaults; and what `--print-config` says of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import stream_signal
from stream_signal import Config, ConfigError
from stream_signal.core.config import SETTINGS
from stream_signal.core.formats import FORMATS
from stream_signal.job.config import as_yaml
from support.candle_csv import CLOSES, candle_csv
from support.commands import logged, parse_config, run_command, run_in_process, settings_yaml
from support.oracle import count

DATA = candle_csv(CLOSES)
FLAGS: dict[str, tuple[str, dict[str, Any]]] = {
    "--seed": ("7", {"seed": 7}),
    "--window": ("20", {"window": 20}),
    "--version-tag": ("1.10", {"version": "1.10"}),
    "--column": ("Price", {"column": "Price"}),
    "--header": ("auto", {"header": "auto"}),
    "--delimiter": ("tab", {"delimiter": "\t"}),
    "--bad-rows": ("missing", {"bad_rows": "missing"}),
    "--time-column": ("when", {"time_column": "when"}),
    "--decimal": (",", {"decimal": ","}),
    "--thousands": ("space", {"thousands": " "}),
    "--negative": ("trailing", {"negative": "trailing"}),
    "--key": ("symbol", {"key": "symbol"}),
    "--key-pattern": ("{key}.csv", {"key_pattern": "{key}.csv"}),
    "--max-keys": ("7", {"max_keys": 7}),
    "--format": ("kraken", {"format": "kraken"} | FORMATS["kraken"].settings),
}


def origins(printed: bytes) -> dict[str, str]:
    """Read where each setting came from."""
    lines = [line.rpartition(" # ") for line in printed.decode().splitlines()]
    return {line.removeprefix("# ").partition(":")[0]: origin for line, _, origin in lines}


def test_print_config(tmp_path: Path) -> None:
    """--print-config prints every setting with what it came from, reads no input and writes nothing else."""
    (tmp_path / "config.yaml").write_text('seed: 1\nwindow: 9\nversion: "v2"\nformat: kraken\nheader: true\n')
    done = run_command("--print-config", "--window", "20", cwd=tmp_path, stdin=None)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.decode() == (
        "seed: 1                         # config.yaml\n"
        "window: 20                      # --window\n"
        'version: "v2"                   # config.yaml\n'
        "column: 5                       # config.yaml, format kraken\n"
        "header: true                    # config.yaml\n"
        'delimiter: ","                  # config.yaml, format kraken\n'
        'bad_rows: "error"               # default\n'
        'format: "kraken"                # config.yaml\n'
        "time_column: 1                  # config.yaml, format kraken\n"
        "newest_first: false             # config.yaml, format kraken\n"
        'decimal: "."                    # default\n'
        "thousands: none                 # default\n"
        'negative: "sign"                # default\n'
        "max_bad: 0.5                    # default\n"
        "# key: one symbol               # default\n"
        'key_pattern: "{key}_[0-9]*.csv*" # config.yaml, format kraken\n'
        "max_keys: 100000                # default\n"
        "grouped: false                  # default\n"
        "# since: all rows               # default\n"
        "# until: all rows               # default\n"
        "windows: []                     # --window\n"
    )


@pytest.mark.parametrize("flag", FLAGS)
def test_every_flag(flag: str, tmp_path: Path) -> None:
    """Every setting has a flag that wins over the config, and --print-config names it."""
    (tmp_path / "config.yaml").write_text(settings_yaml(column="close", header=True, delimiter=";", format="yahoo"))
    text, wanted = FLAGS[flag]
    done = run_in_process("--print-config", flag, text, cwd=tmp_path)
    config = parse_config(done.stdout)._asdict()
    assert {key: config[key] for key in wanted} == wanted
    assert origins(done.stdout)[next(iter(wanted))] == flag


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_printed_is_a_config(name: str, tmp_path: Path) -> None:
    """The output of --print-config is a config with the same settings, whatever set them."""
    done = run_in_process("--print-config", "--format", name, "--no-header", "--column", "3", cwd=tmp_path)
    assert parse_config(done.stdout) == Config(format=name, header=False, column=3)
    varies = {"time_column": "", "delimiter": "", "key_pattern": ""}
    assert origins(done.stdout) | varies == dict.fromkeys(SETTINGS, "default") | varies | {
        "format": "--format",
        "header": "--header",
        "column": "--column",
        "newest_first": f"--format {name}",
    }


texts = st.text(st.characters(codec=None), min_size=1).filter(str.strip)
columns = st.one_of(texts, st.integers(1, 100_000))
SETTINGS_OF_ALL_KINDS = st.fixed_dictionaries(
    {},
    optional={
        "seed": st.integers(0, 2**63 - 1),
        "window": st.integers(1, 10**9),
        "version": texts,
        "column": st.one_of(columns, st.tuples(texts, st.integers(1, 100_000))),
        "header": st.sampled_from([True, False, "auto"]),
        "delimiter": st.sampled_from([",", ";", "\t", "|"]),
        "bad_rows": st.sampled_from(["error", "missing"]),
        "format": st.sampled_from(list(FORMATS)),
        "time_column": st.one_of(columns, st.tuples(columns, columns)),
        "newest_first": st.booleans(),
        "decimal": st.sampled_from([".", ","]),
        "thousands": st.sampled_from(["none", ",", ".", " "]),
        "negative": st.sampled_from(["sign", "parentheses", "trailing"]),
        "max_bad": st.one_of(st.floats(0, 1), st.integers(0, 1)),
        "key": st.one_of(columns, st.sampled_from(["@file", "none"])),
        "key_pattern": st.builds("{}{{key}}{}".format, texts, texts),
        "max_keys": st.integers(1, 10**7),
        "grouped": st.booleans(),
        "windows": st.lists(st.integers(1, 10**9), unique=True, max_size=5).map(tuple),
    },
)


@given(SETTINGS_OF_ALL_KINDS)
@example({"max_bad": 0.00001})
@example({"max_bad": 5e-324})
@example({"version": '\U0001f600 \x7f\x85\u2028\ufeff\udcff\\"\n'})
def test_whatever_is_printed_is_a_config(settings: dict[str, Any]) -> None:
    """Every value of every setting can be read again as it is printed."""
    try:
        config = Config(**settings)
    except ConfigError:
        return
    assert parse_config(as_yaml(None, settings).encode()) == config


TOY = """\
    venue: str = setting(one_of("VENUE", "spot or margin", {"spot": "spot", "margin": "margin"}), "toy", default="spot")
"""


def test_a_setting_is_one_row(tmp_path: Path) -> None:
    """A row in the table is all that a setting takes: its key, its flag, its values, help and checkpoint follow."""
    shutil.copytree(Path(stream_signal.__file__).parent, tmp_path / "stream_signal")
    table = tmp_path / "stream_signal" / "core" / "config.py"
    before, row, after = table.read_text().partition("    windows: ")
    table.write_text(before + TOY + row + after)

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "stream_signal", *arguments]
        done = subprocess.run(command, cwd=tmp_path, input=DATA, capture_output=True, timeout=60, check=False)
        return (done.stdout + done.stderr).decode()

    (tmp_path / "config.yaml").write_text(settings_yaml(venue="margin"))
    assert 'venue: "margin"                 # config.yaml\n' in run("--print-config")
    assert 'venue: "spot"                   # --venue\n' in run("--print-config", "--venue", "spot")
    assert "argument --venue: expected spot or margin, found '5'" in run("--venue", "5")
    assert "did you mean 'margin'?" in run("--venue", "margn")
    assert "--venue VENUE         toy (default: spot)\n" in run("--help")
    assert '"enum": [\n        "spot",\n        "margin"\n      ]' in run("schema", "config")
    assert '"type": "string", "default": "spot", "choices": ["spot", "margin"], "help": "toy' in run("--help", "--json")
    if find_spec("shtab"):
        assert "margin" in run("completion", "bash")
    assert '"success"' in run("--checkpoint", "state.json")
    refused = run("--checkpoint", "state.json", "--venue", "spot")
    assert "it was saved with venue 'margin', and this job has venue 'spot'; give --venue margin" in refused
    (tmp_path / "config.yaml").write_text(settings_yaml(venu="margin"))
    assert "unknown key 'venu' (did you mean 'venue'?); known keys: seed, window, version" in run()


def test_the_name_of_the_config_is_a_comment(tmp_path: Path) -> None:
    """No name of a config, whatever is in it, gets out of its comment."""
    for name in ("a\nb.yaml", os.fsdecode(b"\xff.yaml"), "\u2028.yaml"):
        (tmp_path / name).write_text(settings_yaml(window=7))
        done = run_in_process("--print-config", "--config", name, cwd=tmp_path)
        assert (done.code, parse_config(done.stdout)) == (0, Config(window=7))


def test_two_time_columns(tmp_path: Path) -> None:
    """--time-column given twice names a date and a time."""
    done = run_in_process("--print-config", "--time-column", "day", "--time-column", "2", cwd=tmp_path)
    assert parse_config(done.stdout).time_column == ("day", 2)


def test_order_flags(tmp_path: Path) -> None:
    """--newest-first and --no-newest-first set the order, and the last one counts."""
    for flags, wanted in (
        (["--newest-first"], True),
        (["--newest-first", "--no-newest-first"], False),
        (["--format", "coinbase"], True),
        (["--format", "coinbase", "--no-newest-first"], False),
    ):
        assert parse_config(run_in_process("--print-config", *flags, cwd=tmp_path).stdout).newest_first is wanted


def test_a_wrong_config_is_not_printed(tmp_path: Path) -> None:
    """--print-config says what is wrong with a config, and prints nothing."""
    (tmp_path / "config.yaml").write_text("model: x\n")
    done = run_in_process("--print-config", cwd=tmp_path)
    assert (done.code, done.stdout) == (1, b"")
    assert done.stderr.startswith("stream-signal: config.yaml: line 1: unknown key 'model'")


def test_no_header(tmp_path: Path) -> None:
    """--no-header --column N reads the most common file there is, without a config."""
    done = run_in_process("--no-header", "--column", "5", stdin=candle_csv(CLOSES, header=False), cwd=tmp_path)
    rows, signals = count(CLOSES, 5)
    assert (done.code, done.record["rows_processed"], done.record["value"]) == (0, rows, signals / rows)


def test_no_config(tmp_path: Path) -> None:
    """--no-config ignores ./config.yaml, even one that belongs to another program."""
    (tmp_path / "config.yaml").write_text("model: x\n")
    assert run_in_process(stdin=DATA, cwd=tmp_path).code == 1
    done = run_in_process("--no-config", "--version-tag", "v7", stdin=DATA, cwd=tmp_path)
    assert (done.code, done.record["version"], done.record["seed"]) == (0, "v7", 42)


@pytest.mark.parametrize(
    ("path", "why", "hint"),
    [
        (".", "Is a directory", "name a file"),
        ("-", "No such file or directory", "there is no such file in the folder {folder!r}"),
    ],
)
def test_a_config_that_is_no_file(path: str, why: str, hint: str, tmp_path: Path) -> None:
    """A config is one file: nobody is told to give all files of a folder, and - is a name like any other."""
    done = run_in_process("--config", path, stdin=b"close\n1\n", cwd=tmp_path)
    hint = hint.format(folder=str(tmp_path))
    assert (done.code, done.stderr) == (
        1,
        f"stream-signal: cannot read {path!r}: {why}\nstream-signal: {hint}\n",
    )


def test_a_config_that_was_found(tmp_path: Path) -> None:
    """A config that was found without being named is said in the log and with -v; a named one is not found."""
    (tmp_path / "config.yaml").write_text(settings_yaml())
    done = run_in_process("-v", "--log-file", "run.log", stdin=DATA, cwd=tmp_path)
    assert logged(tmp_path, "config found") == [
        {"event": "config found", "path": "config.yaml", "ignore": "--no-config"}
    ]
    assert "config found" in done.stderr
    for flags in (["--config", "config.yaml"], ["--no-config"]):
        (tmp_path / "run.log").unlink()
        run_in_process(*flags, "--log-file", "run.log", stdin=DATA, cwd=tmp_path)
        assert logged(tmp_path, "config found") == []


def test_who_is_wrong(tmp_path: Path) -> None:
    """An error names the config if it is wrong by itself, and not if only the flags make it so."""
    (tmp_path / "config.yaml").write_text(settings_yaml(decimal=","))
    done = run_in_process("--thousands", ",", stdin=DATA, cwd=tmp_path)
    message = "thousands: expected another mark than that of decimal, found ','"
    assert done.record["error_message"] == message
    (tmp_path / "config.yaml").write_text(settings_yaml(decimal=",", thousands=","))
    assert run_in_process(stdin=DATA, cwd=tmp_path).record["error_message"] == f"config.yaml: {message}"
