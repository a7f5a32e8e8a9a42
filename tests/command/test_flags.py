"""The flags: what each may be, what makes no sense together, and that nothing is written over what is read."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from stream_signal.command.flags import PARSERS, PATHS, job_parser, parse
from stream_signal.order import WRITTEN
from support.candle_csv import CLOSES, candle_csv
from support.cases import DATA, SUCCESS
from support.commands import COMMAND, WITHOUT_COLUMNS, Done, flags_of, metrics_of, run_in_process, settings_yaml
from support.terminals import terminal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--no-such-flag"], "error: unrecognized argument --no-such-flag (see stream-signal --help)"),
        (["--windw", "5"], "error: unrecognized argument --windw; did you mean --window? (see stream-signal --help)"),
        (["--win", "5"], "unrecognized argument --win; did you mean --window?"),
        (["--idle=5"], "unrecognized argument --idle; did you mean --idle-timeout?"),
        (["-window", "5"], "unrecognized argument -window; did you mean --window?"),
        (["-version"], "unrecognized argument -version; did you mean --version?"),
        (["-vx"], "unrecognized argument -vx; did you mean -v?"),
        (["-window=5"], "unrecognized argument -window; did you mean --window?"),
        (["-output", "m.json"], "unrecognized argument -output; did you mean --output?"),
        (["-w", "0"], "argument -w/--window: expected an integer from 1 to 1000000000, found '0'"),
        (["completion"], "the following arguments are required: SHELL"),
        (["completion", "csh"], "argument SHELL: expected bash, zsh or fish, found 'csh' (did you mean"),
        (["-j", "5"], "unrecognized argument -j; did you mean --jobs?"),
        (["-z", "5"], "unrecognized argument -z (see"),
        (["--jobs", "0"], "argument --jobs: expected auto, or an integer from 1 to 1024, found '0'"),
        (["--jobs", "two"], "argument --jobs: expected auto, or an integer from 1 to 1024, found 'two'"),
        (["--WINDOW", "5"], "unrecognized argument --WINDOW; did you mean --window?"),
        (["candles", "--row", "5"], "stream-signal candles: error: unrecognized argument --row; did you mean --rows?"),
        (["candles", "a.csv"], "unexpected argument 'a.csv' (see stream-signal candles --help)"),
        (
            ["formats", "-x"],
            "stream-signal formats: error: unrecognized argument -x (see stream-signal formats --help)",
        ),
        (["--window", "0"], "expected an integer from 1 to 1000000000, found '0'"),
        (["--window", "-1"], "expected an integer from 1 to 1000000000, found '-1'"),
        (["--window", "5.0"], "found '5.0'"),
        (["--window", "1" * 5000], "expected an integer from 1 to 1000000000"),
        (["--window", "\u0665"], "expected an integer"),
        (["--column", ""], "found ''"),
        (["--column", "0"], "expected the name of a column, or its number from 1 to 100000, found '0'"),
        (["--every", "0"], "expected seconds, more than 0 and at most 1000000000, found '0'"),
        (["--max-bad", "2"], "expected a share of the rows, from 0 to 1, found '2'"),
        (["--output"], "expected one argument"),
        (["a.csv", "--input", "b.csv"], "not both"),
        (["data.csv", "--output", "data.csv"], "would overwrite an input"),
        (["--input", "data.csv", "--log-file", "./data.csv"], "would overwrite an input"),
        (["data.csv", "--output", "config.yaml"], "would overwrite the config"),
        (["data.csv", "--output", "m", "--log-file", "m"], "would overwrite the output"),
        (["data.csv", "--output", ""], "expected a path, found ''"),
        (["data.csv", "--log-file", ""], "expected a path, found ''"),
        (["data.csv", "--", ""], "expected a path, found ''"),
        (["data.csv", "--config", ""], "expected a path, found ''"),
        (["--input", ""], "expected a path, found ''"),
        (["--header", "yes"], "expected true, false or auto, found 'yes'"),
        (["--delimiter", "x"], "expected one of"),
        (["--decimal", ";"], 'expected "." or ",", found \';\''),
        (["--thousands", "x"], 'expected none, ",", "." or space, found \'x\''),
        (["--format", "bianance"], "found 'bianance' (did you mean 'binance'?)"),
        (["--bad-rows", "skip"], "expected error or missing, found 'skip'"),
        (["--version-tag", ""], "expected text"),
        (["--seed", "-1"], "expected an integer from 0"),
        (["--no-config", "--config", "c.yaml"], "--no-config ignores ./config.yaml: leave it out, or --config"),
        (["--signals", "s"] + ["--time-column", "x"] * 3, "once, or twice for a date and a time"),
        (["--print-config", "--time-column", "x", "--signals-format", "csv"], "--signals-format needs --signals"),
        (["formats", "x"], "unexpected argument 'x'"),
        (["candles", "--rows", "x"], "expected an integer"),
        (["candles", "--seed", "-1"], "expected an integer"),
        (["--checkpoint-every", "5"], "--checkpoint-every needs --checkpoint"),
        (["--checkpoint", "s", "--checkpoint-every", "0"], "more than 0"),
        (["--every", "nan"], "more than 0"),
        (["--every", "inf"], "more than 0"),
        (["--every", "-1"], "more than 0"),
        (["--checkpoint", "-"], "expected a file"),
        (["--checkpoint", "data.csv", "data.csv"], "would overwrite an input"),
        (["--checkpoint", "config.yaml", "data.csv"], "would overwrite the config"),
        (["--checkpoint", "m", "--output", "m", "data.csv"], "would overwrite the output"),
        (["--signals", "-"], "the metrics need --output FILE"),
        (["--signals-format", "csv"], "--signals-format needs --signals"),
        (["--signals", "s.json"], "--signals writes lines, not one JSON text: name a file that ends in .jsonl"),
        (["--signals", "s.parquet", "--checkpoint", "c"], "--signals to Parquet cannot be used with --checkpoint: a"),
        (["--signals", "s.parquet", "--follow", "a"], "--signals to Parquet cannot be used with --follow: a Parquet"),
        (["--signals", "s", "--signals-format", "xml"], "expected csv or jsonl, found 'xml'"),
        (["--max-bad", "1.1"], "expected a share of the rows, from 0 to 1, found '1.1'"),
        (["--max-bad", "half"], "from 0 to 1, found 'half'"),
        (["--signals", "data.csv", "data.csv"], "would overwrite an input"),
        (["--signals", "m", "--output", "m"], "would overwrite the output"),
        (["--signals", "s", "--checkpoint", "s"], "would overwrite the signals"),
        ([".s.lock", "--signals", "s"], "--signals s would use an input as the lock of the signals"),
        ([".s.lock", "--checkpoint", "s"], "--checkpoint s would use an input as the lock of the checkpoint"),
        ([".s.tmp", "--checkpoint", "s"], "would use an input as the temporary file of the checkpoint"),
        (["--signals", "s", "--output", ".s.lock"], "would use the output as the lock of the signals"),
        (["--checkpoint", "s", "--report", ".s.tmp"], "would use the report as the temporary file"),
        (["--follow"], "--follow needs one file"),
        (["--follow", "-"], "--follow needs one file"),
        (["--follow", "a", "b"], "--follow needs one file"),
        (["a", "--idle-timeout", "1"], "--idle-timeout needs --follow"),
        (["a", "--follow", "--idle-timeout", "0"], "more than 0"),
        (["a", "--rotated", "a.*"], "--rotated needs --follow"),
        (["--resume-by", "time"], "--resume-by needs --checkpoint"),
        (["--checkpoint", "s", "--resume-by", "row"], "expected time, found 'row'"),
        (["checkpoint"], "the following arguments are required: FILE"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_usage(arguments: list[str], complaint: str, folder: Path) -> None:
    """A wrong command line exits with 2, says what is wrong on stderr, writes nothing, and touches no file."""
    done = run_in_process(*arguments, stdin=DATA, cwd=folder)
    assert (done.code, done.stdout) == (2, b"")
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
    assert "usage:" not in done.stderr
    assert (folder / "data.csv").read_bytes() == DATA
    assert os.listdir(folder) == ["data.csv"]


@pytest.mark.parametrize(
    "arguments",
    [["--", "-x.csv"], ["--", "--help"], ["--window", "5", "--", "-x.csv"], ["-v", "--", "--"], ["--", "candles"]],
    ids=" ".join,
)
def test_paths_after_two_dashes(arguments: list[str], folder: Path) -> None:
    """What follows `--` is a path, whatever it looks like."""
    (folder / arguments[-1]).write_bytes(DATA)
    assert metrics_of(run_in_process(*arguments, cwd=folder).stdout) == SUCCESS
    assert metrics_of(run_in_process("data.csv", *arguments, cwd=folder).stdout)["rows_processed"] == 14


def test_short_flags(folder: Path) -> None:
    """Each short flag is the long one."""
    (folder / "c.yaml").write_text(settings_yaml(version="short"))
    done = run_in_process("-i", "data.csv", "-c", "c.yaml", "-o", "m.json", "-w2", "-k", "none", "-q", cwd=folder)
    assert done == Done(0, b"", "")
    record = json.loads((folder / "m.json").read_text())
    long = run_in_process("data.csv", "--config", "c.yaml", "--window", "2", "--key", "none", cwd=folder)
    assert metrics_of(json.dumps(record).encode()) == metrics_of(long.stdout)
    assert record["version"] == "short"
    assert run_in_process("-V", cwd=folder) == run_in_process("--version", cwd=folder)
    assert run_in_process("sniff", "-h", cwd=folder) == run_in_process("sniff", "--help", cwd=folder)


def test_the_short_help_fits_one_screen(folder: Path) -> None:
    """`-h` has 24 lines of 80 columns at most: five examples, each of which the job takes, and every command."""
    done = run_in_process("-h", cwd=folder)
    lines = done.stdout.decode().splitlines()
    assert (done.code, done.stderr) == (0, "")
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    typed = [line.strip().partition("  ")[0] for line in lines if re.match("  (stream-signal|cat) ", line)]
    assert {command.split()[1] for command in typed[5:]} == PARSERS.keys()
    for command in typed[:5]:
        options = parse(job_parser(), shlex.split(command.rpartition("stream-signal ")[2]))
        assert len(options.paths) == ("cat" not in command)


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_help_is_as_wide_as_the_terminal(columns: int, folder: Path) -> None:
    """On a terminal, each paragraph of the help fills its width; the examples stay as they are."""
    with terminal(columns) as shown:
        subprocess.run(
            [COMMAND, "--help"], cwd=folder, stdout=shown.end, env=WITHOUT_COLUMNS | {"NO_COLOR": "1"}, check=True
        )
        lines = shown.screen()
    examples = [line for line in lines if re.match("  (stream-signal|cat) ", line)]
    assert len(examples) == 5 + len(PARSERS)
    assert columns * 0.7 < max(len(line) for line in lines if line not in examples) < columns


def test_no_color(folder: Path) -> None:
    """With NO_COLOR, the help on a terminal has no colour, whatever the Python."""
    with terminal() as shown:
        for arguments in ("--help", "--windw"):
            environment = WITHOUT_COLUMNS | {"NO_COLOR": "1"}
            subprocess.run(
                [COMMAND, arguments], stdout=shown.end, stderr=shown.end, cwd=folder, env=environment, check=False
            )
        assert shown.screen()[-2].startswith("stream-signal: error: ")
        assert b"\x1b" not in shown.written


def test_a_misspelt_command(folder: Path) -> None:
    """A path that is not there, and is nearly the name of a command, is taken for a misspelt one."""
    done = run_in_process("candels", cwd=folder)
    assert done.code == 1
    assert done.stderr.splitlines()[1:] == [
        "stream-signal: did you mean the command `candles`?",
        "stream-signal: try stream-signal candles",
    ]


def test_what_is_written_is_known() -> None:
    """Each flag with a path says what is read, or is in the list of what a job writes."""
    flags = {flag.option_strings[-1] for flag in flags_of(job_parser()) if flag.type in PATHS}
    written = {f"--{name.replace('_', '-')}" for name in WRITTEN}
    assert flags - written == {"--input", "--rotated", "--config"}
    assert written <= flags


@pytest.mark.parametrize("flag", [f"--{name.replace('_', '-')}" for name in WRITTEN])
def test_the_config_is_not_written_over(flag: str, folder: Path) -> None:
    """A config that is there stays as it is, whatever is to be written in its place."""
    (folder / "config.yaml").write_text(settings_yaml())
    done = run_in_process("data.csv", flag, "config.yaml", cwd=folder)
    assert (done.code, done.stdout) == (2, b"")
    assert "would overwrite the config" in done.stderr
    assert (folder / "config.yaml").read_text() == settings_yaml()


@pytest.mark.parametrize("flag", ["--output", "--log-file"])
def test_the_input_has_many_names(flag: str, folder: Path) -> None:
    """Data that comes in as stdin, or by another link, is not written over either."""
    (folder / "link.csv").hardlink_to(folder / "data.csv")
    with (folder / "data.csv").open("rb") as data:
        commands = [([flag, "data.csv"], data), (["data.csv", flag, "link.csv"], None)]
        for arguments, stdin in commands:
            done = subprocess.run(
                [COMMAND, *arguments], cwd=folder, stdin=stdin, capture_output=True, timeout=30, check=False
            )
            assert (done.returncode, done.stdout) == (2, b"")
            assert b"would overwrite an input" in done.stderr
    assert (folder / "data.csv").read_bytes() == DATA


@pytest.mark.parametrize(
    "command",
    [
        "stream-signal data.csv >> data.csv",
        "stream-signal < data.csv >> data.csv",
        "stream-signal data.csv --output /dev/stdout >> link.csv",
        "stream-signal data.csv --signals - --output m.json >> data.csv",
        "stream-signal verify data.csv >> data.csv",
    ],
)
def test_stdout_is_an_input(command: str, folder: Path) -> None:
    """A shell lets what is printed go into the file that is read; cat refuses that, and so does this."""
    (folder / "link.csv").hardlink_to(folder / "data.csv")
    shell = command.replace("stream-signal", shlex.quote(COMMAND), 1)
    done = subprocess.run(["sh", "-c", shell], cwd=folder, capture_output=True, timeout=60, check=False)
    assert (done.returncode, b"stdout is an input: write to another file" in done.stderr) == (2, True)
    assert (folder / "data.csv").read_bytes() == DATA
    assert sorted(os.listdir(folder)) == ["data.csv", "link.csv"]


def test_stdout_is_another_file(folder: Path) -> None:
    """The metrics may be appended to any other file, and to the input of a job that writes them elsewhere."""
    shell = (
        f"{shlex.quote(COMMAND)} data.csv --output m.json >> data.csv && {shlex.quote(COMMAND)} data.csv >> all.json"
    )
    assert subprocess.run(["sh", "-c", shell], cwd=folder, timeout=60, check=False).returncode == 0
    assert json.loads((folder / "all.json").read_text())["status"] == "success"
    assert (folder / "data.csv").read_bytes() == DATA


def test_devices_may_be_named_twice(folder: Path) -> None:
    """/dev/null can be the input's, the output's and the log's."""
    done = subprocess.run(
        [COMMAND, "data.csv", "--output", "/dev/null", "--log-file", "/dev/null"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("output", ["/dev/stdout", "out", "link"])
def test_metrics_where_the_signals_go(output: str, tmp_path: Path) -> None:
    """Signals on stdout, and metrics in the file that stdout goes to, would overwrite each other, by whatever name."""
    (tmp_path / "data.csv").write_bytes(candle_csv(CLOSES))
    (tmp_path / "link").symlink_to("out")
    with (tmp_path / "out").open("wb") as out:
        command = [COMMAND, "data.csv", "--signals", "-", "--output", output]
        done = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    assert (done.returncode, b"the metrics need --output FILE" in done.stderr) == (2, True)
    with open(os.devnull, "wb") as out:
        command[-1] = os.devnull
        subprocess.run(command, stdout=out, cwd=tmp_path, check=True)


def test_a_log_where_the_signals_go(tmp_path: Path) -> None:
    """A log in the file that the signals go to is refused."""
    with (tmp_path / "out").open("wb") as out:
        command = [COMMAND, "--signals", "-", "--output", "m.json", "--log-file", "out"]
        done = subprocess.run(command, input=b"", stdout=out, stderr=subprocess.PIPE, cwd=tmp_path, check=False)
    assert (done.returncode, b"would overwrite the signals on stdout" in done.stderr) == (2, True)
