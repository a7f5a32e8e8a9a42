"""The flags of the two commands: their values, and which flags exclude each other.

Every mistake in a command line is reported before anything is read or written, with exit code 2.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from stream_signal import __version__
from stream_signal.command.printing import printed

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import SupportsWrite

MAX_SECONDS = 10**9
MAX_JOBS = 1024
MAX_SYMBOLS = 100_000
MAX_CANDLES = 10**9  # minutes of two thousand years

_HEADERS: dict[str, bool | str] = {"true": True, "false": False, "auto": "auto"}
# How a shell can write them.
_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "bar": "|"}

# The help of a flag that is taken, and not shown.
HIDDEN = argparse.SUPPRESS
# What a shell offers for the value of a flag, by its destination.
VALUES = {
    "header": tuple(_HEADERS),
    "delimiter": ("comma", "semicolon", "tab", "bar"),
    "decimal": (".", ","),
    "bad_rows": ("error", "missing"),
    "jobs": ("auto",),
}

_DESCRIPTION = """\
Read OHLCV candles as CSV from files or a pipe, count the rows whose close is above the rolling mean of the last closes,
exactly, and write the metrics as JSON.
"""
_EPILOG = """\
Without a path, or with -, the candles are read from stdin.

Examples:
  stream-signal candles.csv                                    the metrics, on one line
  cat jan.csv feb.csv | stream-signal -w 20 -o metrics.json    a pipe, a window of 20 rows, a file
  stream-signal live.csv --follow --checkpoint state.json      a file that grows, from where it was left

Commands:
  stream-signal candles       write synthetic candles
  stream-signal checkpoint    print what a checkpoint holds
  stream-signal formats       list the known layouts
  stream-signal verify        count an input in several ways, or compare it with a manifest
  stream-signal completion    write the completion of bash, zsh or fish

Exit codes: 0 success, 1 the job failed, 2 the command line is wrong, 129, 130 or 143 stopped by SIGHUP, SIGINT or
SIGTERM, which is the normal end of --follow, and 0. With NO_COLOR in the environment, nothing has colour.
"""
_CANDLES_DESCRIPTION = """\
Write synthetic BTC/USD one-minute candles as CSV to stdout: the same bytes for the same seed on every machine.
"""
_CHECKPOINT_DESCRIPTION = """\
Print what a checkpoint holds: the inputs, the rows, the next row that a sender has to send, the last timestamp and the
settings.
"""
_VERIFY_DESCRIPTION = """\
Count the input of a job in several ways, compare the answers, and print a table: row engine, block engine, worker
processes, and fractions on the first rows.
"""
_VERIFY_EPILOG = """\
It takes the arguments of the job; flags that do not decide its answer are ignored, and nothing is written.
With --manifest, the inputs and the settings are those of the manifest, unless others are given.

Exit codes: 0 all answers are the same, or nothing has changed; 1 one differs, or the input cannot be
read; 2 the command line is wrong.
"""
# The flags that verify shows, by their names in the parsed options: those that say what is counted, and how.
_OF_VERIFY = frozenset(
    {
        *("help", "paths", "inputs", "config", "no_config", "window", "column", "format", "header", "newest_first"),
        *("delimiter", "decimal", "thousands", "bad_rows", "key", "key_pattern", "max_keys", "grouped", "time_column"),
        *("max_bad", "jobs", "manifest"),
    }
)
_COMPLETION_DESCRIPTION = "Write what completes the flags of stream-signal in a shell, to stdout."
_COMPLETION_EPILOG = """\
Put it where the shell looks:
  stream-signal completion bash > ~/.local/share/bash-completion/completions/stream-signal
  stream-signal completion zsh > ~/.zfunc/_stream-signal    with fpath+=~/.zfunc before compinit in ~/.zshrc
  stream-signal completion fish > ~/.config/fish/completions/stream-signal.fish
"""
# Where stdout is no terminal, as for the documents.
_COLUMNS = 112


_JOB = "stream-signal"


def job_parser() -> Parser:
    """Return the parser of `stream-signal`."""
    parser = Parser(
        _JOB,
        usage="%(prog)s [PATH ...] [FLAGS]",  # argparse takes 3 ms to make a longer one, whether it is shown or not
        description=_DESCRIPTION,
        epilog=_EPILOG,
        add_help=False,
    )
    _add_inputs(parser.add_argument_group("inputs"))
    _add_settings(parser.add_argument_group("settings; a flag wins over the config"))
    _add_outputs(parser.add_argument_group("outputs"))
    _add_resuming(parser.add_argument_group("continuing an earlier job"))
    _add_speed(parser.add_argument_group("several processes"))
    _add_messages(parser.add_argument_group("messages and help"))
    return parser


def _add_inputs(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "paths", metavar="PATH", type=_path, nargs="*", help="candle CSV; several are read in order, as one stream"
    )
    group.add_argument(
        "-i", "--input", metavar="PATH", type=_path, dest="inputs", action="append", help="the same, as a flag"
    )
    group.add_argument(
        "--follow", action="store_true", help="keep reading the file as it grows, until SIGINT or SIGTERM"
    )
    group.add_argument(
        "--idle-timeout", metavar="SECONDS", type=_seconds, help="end --follow after so many seconds without new bytes"
    )
    group.add_argument(
        "--rotated",
        metavar="PATTERN",
        type=_path,
        help="names of the old files when the one of --follow is rotated, such as 'live.csv.*'",
    )


def _add_outputs(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-o", "--output", metavar="PATH", type=_path, default="-", help="write the metrics here (default: -, stdout)"
    )
    group.add_argument(
        "--every", metavar="SECONDS", type=_seconds, help="write the metrics so far every so many seconds"
    )
    group.add_argument(
        "--metrics-format",
        choices=("json", "prometheus"),
        default="json",
        help="prometheus: the text file that its node exporter collects",
    )
    group.add_argument(
        "--prometheus", metavar="PORT", type=_port, help="serve the metrics so far at http://127.0.0.1:PORT/metrics"
    )
    group.add_argument(
        "--keys-output",
        metavar="PATH",
        type=_file,
        help="write the counts of each key here (csv, json or jsonl by the ending), only their number in the metrics",
    )
    group.add_argument(
        "--signals", metavar="PATH", type=_path, help="write a line for each row here (-: stdout, with --output FILE)"
    )
    group.add_argument(
        "--signals-format",
        choices=("csv", "jsonl"),
        help="default: jsonl if PATH ends in .jsonl or .ndjson, otherwise csv",
    )
    group.add_argument(
        "--report",
        metavar="PATH",
        type=_file,
        help="write a page to look at here: price, mean and signal rate, as HTML",
    )
    group.add_argument(
        "--manifest",
        metavar="PATH",
        type=_file,
        help="write the SHA-256 of each input, the settings, versions and counts here, for `stream-signal verify`",
    )
    group.add_argument(
        "--log-file",
        metavar="PATH",
        type=_path,
        help="append the log here, as JSON Lines (-: stderr, and nothing else)",
    )


def _add_resuming(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--checkpoint", metavar="PATH", type=_file, help="resume from the state saved here, if any; save it here"
    )
    group.add_argument(
        "--checkpoint-every",
        metavar="SECONDS",
        type=_seconds,
        help="save the state every so many seconds (default: 30)",
    )
    group.add_argument(
        "--resume-by",
        choices=("time",),
        help="skip the rows of a pipe up to the last timestamp of the checkpoint: its sender repeats them",
    )


def _add_speed(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--jobs", metavar="N", type=_jobs, help="count large files in N processes (default: auto, as many as pay)"
    )
    group.add_argument(
        "--cluster",
        metavar="ADDRESS",
        type=_address,
        help="count on a Dask cluster: tcp://host:8786, or local for one of this machine",
    )


def _add_messages(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--strict", action="store_true", help="fail if the answer is doubtful in any way; look at the times of all rows"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="do not report doubts about the answer on stderr")
    group.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="draw the progress on stderr, if that is a terminal, at once; without this flag: after a second",
    )
    group.add_argument(
        "-v", "--verbose", action="count", default=0, help="log to stderr; -vv: tracebacks in the log file"
    )
    group.add_argument("-h", "--help", action="help", help="show this help and exit")
    group.add_argument(
        "-V", "--version", action="version", version=f"stream-signal {__version__}", help="show the version and exit"
    )


def _add_settings(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "-c", "--config", metavar="PATH", type=_path, help="YAML settings (default: ./config.yaml, if it exists)"
    )
    group.add_argument("--no-config", action="store_true", help="ignore ./config.yaml")
    group.add_argument(
        "--print-config", action="store_true", help="print the settings in effect and where each came from, and exit"
    )
    group.add_argument(
        "-w",
        "--window",
        metavar="N[,N...]",
        type=_windows,
        help="rows in the rolling mean, and in others beside it",
    )
    group.add_argument("--column", metavar="NAME", type=_column, help="name of the close column, or its number from 1")
    group.add_argument(
        "--time-column",
        metavar="NAME",
        type=_column,
        action="append",
        help="name of the timestamp column, or its number from 1 (default: the first known name); twice for a date and "
        "a time",
    )
    group.add_argument(
        "--format", metavar="NAME", type=_setting("format"), help="a known layout: `stream-signal formats` lists them"
    )
    group.add_argument("--header", type=_header, help="true, false, or auto: the first line decides (default: true)")
    group.add_argument("--no-header", dest="header", action="store_const", const=False, help="--header false")
    group.add_argument(
        "--newest-first",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the rows come newest first: read the files from their end",
    )
    group.add_argument(
        "--delimiter", metavar="C", type=_delimiter, help="comma, semicolon, tab or bar (default: found)"
    )
    group.add_argument("--decimal", metavar="C", type=_setting("decimal"), help="the decimal mark: . or ,")
    group.add_argument(
        "--thousands", metavar="C", type=_setting("thousands"), help="the mark between groups: , or . or space or none"
    )
    group.add_argument(
        "--bad-rows", metavar="DO", type=_setting("bad_rows"), help="error, or missing: count them without a close"
    )
    group.add_argument(
        "--max-bad",
        metavar="SHARE",
        type=_share,
        help="with --bad-rows missing: fail if more than this share of the rows is bad (default: 0.5)",
    )
    group.add_argument(
        "-k",
        "--key",
        metavar="NAME",
        type=_column,
        help="one mean for each value of this column, or @file: for each symbol in the file names; none: one for all",
    )
    group.add_argument(
        "--key-pattern",
        metavar="PATTERN",
        type=_setting("key_pattern"),
        help="where the symbol stands in the file names, such as '{key}-1m-*.csv'",
    )
    group.add_argument("--max-keys", metavar="N", type=_max_keys, help="fail if there are more (default: 100000)")
    group.add_argument(
        "--grouped",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the rows of each key follow each other: keep one window, and refuse a key that comes back",
    )
    group.add_argument("--seed", metavar="N", type=_seed, help="the seed in the metrics")
    group.add_argument("--version-tag", metavar="TEXT", type=_setting("version"), help="the version in the metrics")


# The setting of each flag that overrides the config.
SETTINGS = {
    "seed": "--seed",
    "window": "--window",
    "version": "--version-tag",
    "column": "--column",
    "header": "--header",
    "delimiter": "--delimiter",
    "bad_rows": "--bad-rows",
    "format": "--format",
    "time_column": "--time-column",
    "newest_first": "--newest-first",
    "decimal": "--decimal",
    "thousands": "--thousands",
    "max_bad": "--max-bad",
    "key": "--key",
    "key_pattern": "--key-pattern",
    "max_keys": "--max-keys",
    "grouped": "--grouped",
    "windows": "--window",
}


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that the command line gives, by their key."""
    given = {key: getattr(options, flag.removeprefix("--").replace("-", "_")) for key, flag in SETTINGS.items()}
    if given["window"]:
        given["window"], *more = given["window"]
        given["windows"] = tuple(more)  # the flag replaces those of the config too
    if given["time_column"]:
        columns = given["time_column"]
        given["time_column"] = columns[0] if len(columns) == 1 else tuple(columns)
    return {key: value for key, value in given.items() if value is not None}


def candles_parser() -> Parser:
    """Return the parser of `stream-signal candles`."""
    parser = Parser("stream-signal candles", description=_CANDLES_DESCRIPTION)
    parser.add_argument("--rows", metavar="N", type=_rows, default=10_000, help="candles to write (default: 10000)")
    parser.add_argument(
        "--symbols", metavar="N", type=_symbols, help="write a market of N symbols, with their names in a first column"
    )
    parser.add_argument("--seed", metavar="N", type=_seed, help="default: the seed of the config")
    parser.add_argument(
        "--config", metavar="PATH", type=_path, help="YAML settings (default: ./config.yaml, if it exists)"
    )
    return parser


def parse(parser: Parser, arguments: list[str]) -> argparse.Namespace:
    """Parse paths and flags in any order; what follows `--` is a path, also if it begins with a dash."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    parser.refuse_one_dash(arguments[:end])
    options = parser.parse_intermixed_args(arguments[:end])  # which loses the `--`
    if "" in arguments[end:]:
        parser.error("argument PATH: expected a path, found nothing")
    options.paths += arguments[end + 1 :]
    return options


def checkpoint_parser() -> Parser:
    """Return the parser of `stream-signal checkpoint`."""
    parser = Parser("stream-signal checkpoint", description=_CHECKPOINT_DESCRIPTION)
    parser.add_argument("file", metavar="FILE", type=_file, help="what --checkpoint has saved")
    parser.add_argument("--json", action="store_true", help="write it as JSON, on one line")
    return parser


def formats_parser() -> Parser:
    """Return the parser of `stream-signal formats`."""
    return Parser(
        "stream-signal formats",
        description="Print the known layouts, one a line: what --format NAME sets, and where each is described.",
    )


def verify_parser() -> Parser:
    """Return the parser of `stream-signal verify`: it takes whatever a job takes, and shows what decides its answer."""
    parser = job_parser()
    parser.prog = "stream-signal verify"
    parser.description, parser.epilog = _VERIFY_DESCRIPTION, _VERIFY_EPILOG
    for action in parser._actions:  # noqa: SLF001 - as argparse has no other way to hide a flag
        if action.dest not in _OF_VERIFY:
            action.help = HIDDEN
        elif action.dest == "jobs":
            action.help = "worker processes (default: 2)"
        elif action.dest == "manifest":
            action.help = "compare the inputs, the settings and the counts with what a job has written here"
    group = next(group for group in parser._action_groups if group.title == "outputs")  # noqa: SLF001
    group.title = "comparing"
    group.add_argument(
        "--sample",
        metavar="N",
        type=_rows,
        help="rows that are judged by fractions (default: 100000, or twice the window)",
    )
    return parser


def completion_parser() -> Parser:
    """Return the parser of `stream-signal completion`."""
    parser = Parser("stream-signal completion", description=_COMPLETION_DESCRIPTION, epilog=_COMPLETION_EPILOG)
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")
    return parser


# Selected by the first argument; `./candles` is a file.
PARSERS: dict[str, Callable[[], Parser]] = {
    "candles": candles_parser,
    "checkpoint": checkpoint_parser,
    "formats": formats_parser,
    "verify": verify_parser,
    "completion": completion_parser,
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line: what is wrong, the nearest flag, and where the help is."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, allow_abbrev=False, formatter_class=_Formatter, **options)
        self._given: list[str] = []

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments, and remember them: a message about one may have it in it, and must not show a secret."""
        self._given = self._given or list(args or ())  # argparse calls it again with what it could not read
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print the message, and exit with code 2."""
        from stream_signal.command.usage import in_words, misspelt_command
        from stream_signal.core.errors import shown
        from stream_signal.core.printable import printable
        from stream_signal.core.urls import without_secrets

        for given in self._given:
            value = given.partition("=")[2] if given.startswith("-") else given
            for said in (value, repr(value)[1:-1]):
                message = message.replace(said, without_secrets(said)) if said else message
        message = in_words(message, self._option_string_actions)
        lines = []
        if self.prog == _JOB and (meant := misspelt_command(self._given)):
            message, *lines = f"{shown(self._given[0])} is no command and no file; {meant[0]}", *meant[1:]
        lines = [f"{self.prog}: error: {message} (see {self.prog} --help)", *(f"{self.prog}: {each}" for each in lines)]
        self.exit(2, "".join(f"{printable(line)}\n" for line in lines))

    def refuse_one_dash(self, arguments: list[str]) -> None:
        """Refuse `-output`, which would be -o with the value `utput`."""
        for argument in arguments:
            if argument[:1] == "-" and "-" + argument.partition("=")[0] in self._option_string_actions:
                self.error(f"unrecognized arguments: {argument}")

    def format_help(self) -> str:
        """Return the help, as wide as the terminal."""
        from functools import partial
        from shutil import get_terminal_size

        width = get_terminal_size((_COLUMNS, 24)).columns - 2
        self.formatter_class = partial(_Formatter, width=width)
        return super().format_help()

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print the help or the version; argparse itself ignores that it cannot."""
        if file is None or file is not sys.stdout:
            super()._print_message(message, file)
        elif code := printed(lambda: [message.encode()]):
            self.exit(code)


class _Formatter(argparse.HelpFormatter):
    """Help in which paragraphs are as wide as the terminal, and a line that begins with blanks stays as it is.

    Where stdout is no terminal, the width is fixed: the documents show it, and a test compares it.
    """

    def __init__(self, prog: str, width: int = _COLUMNS - 2) -> None:
        super().__init__(prog, max_help_position=24, width=width)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """Return `-o, --output PATH`, as Python 3.13 does."""
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        value = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {value}"

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        from textwrap import fill

        filled: list[str] = []
        for paragraph in text.split("\n\n"):
            if "\n  " in paragraph:
                filled.append(paragraph.rstrip("\n"))
            else:
                filled.append(fill(" ".join(paragraph.split()), width, initial_indent=indent, subsequent_indent=indent))
        return "\n\n".join(filled)


def _file(text: str) -> str:
    if text == "-":
        raise argparse.ArgumentTypeError("expected a file, found '-'")
    return _path(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_SECONDS:
        raise argparse.ArgumentTypeError(f"expected seconds, more than 0 and at most {MAX_SECONDS}, found {text!r}")
    return seconds


def _jobs(text: str) -> int | None:
    if text == "auto":
        return None
    jobs = int(text) if text.isdecimal() else 0
    if not 1 <= jobs <= MAX_JOBS:
        raise argparse.ArgumentTypeError(f"expected auto, or an integer from 1 to {MAX_JOBS}, found {text!r}")
    return jobs


def _address(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected the address of a scheduler, or local, found nothing")
    return text


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"expected a share of the rows, from 0 to 1, found {text!r}")
    return share


def _windows(text: str) -> tuple[int, ...]:
    from stream_signal.core.limits import MAX_WINDOW, MAX_WINDOWS

    windows = tuple(_integer(part, 1, MAX_WINDOW) for part in text.split(","))
    if len(set(windows)) < len(windows):
        raise argparse.ArgumentTypeError(f"expected each window once, found {text!r}")
    if len(windows) > 1 + MAX_WINDOWS:
        raise argparse.ArgumentTypeError(f"expected at most {1 + MAX_WINDOWS} windows, found {len(windows)}")
    return windows


def _rows(text: str) -> int:
    return _integer(text, 1, MAX_CANDLES)


def _symbols(text: str) -> int:
    return _integer(text, 1, MAX_SYMBOLS)


def _max_keys(text: str) -> int:
    from stream_signal.core.limits import MAX_KEYS

    return _integer(text, 1, MAX_KEYS)


def _seed(text: str) -> int:
    from stream_signal.core.config import MAX_SEED

    return _integer(text, 0, MAX_SEED)


def _port(text: str) -> int:
    return _integer(text, 1, 65_535)


def _integer(text: str, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"expected an integer from {least} to {most}, found {text!r}")
    return int(text)


def _column(text: str) -> str | int:
    from stream_signal.core.config import MAX_COLUMN

    if text.isascii() and text.isdigit():
        return _integer(text, 1, MAX_COLUMN)
    if not text.strip():
        raise argparse.ArgumentTypeError("expected the name of a column, or its number from 1, found nothing")
    return text


def _header(text: str) -> bool | str:
    if text not in _HEADERS:
        raise argparse.ArgumentTypeError(f"expected true, false or auto, found {text!r}")
    return _HEADERS[text]


def _delimiter(text: str) -> str:
    return _checked("delimiter", _DELIMITERS.get(text, text))


def _setting(key: str) -> Callable[[str], str]:
    return lambda text: _checked(key, text)


def _checked(key: str, text: str) -> str:
    from stream_signal.core.config import check_setting

    try:
        check_setting(key, text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def refuse_contradictions(
    parser: argparse.ArgumentParser, inputs: tuple[str, ...], options: argparse.Namespace
) -> None:
    """Refuse flags that exclude or need each other."""
    if options.checkpoint_every and not options.checkpoint:
        parser.error("--checkpoint-every needs --checkpoint")
    if options.signals == "-" and is_stdout(options.output) and not _is_null(options.output):
        parser.error("--signals - writes the signals to stdout: the metrics need --output FILE")
    if options.signals and options.signals.endswith(".json") and not options.signals_format:
        parser.error(
            "--signals writes lines, not one JSON text: name a file that ends in .jsonl, or give --signals-format"
        )
    if options.signals_format and not options.signals:
        parser.error("--signals-format needs --signals")
    if options.resume_by and not options.checkpoint:
        parser.error("--resume-by needs --checkpoint")
    if options.time_column and len(options.time_column) > 2:
        parser.error("--time-column may be given once, or twice for a date and a time")
    if options.config and options.no_config:
        parser.error("--no-config ignores ./config.yaml: leave it out, or --config")
    if options.idle_timeout and not options.follow:
        parser.error("--idle-timeout needs --follow")
    if options.rotated and not options.follow:
        parser.error("--rotated needs --follow")
    if options.manifest and options.follow:
        parser.error("--manifest is of inputs that end: leave out --follow")
    if options.manifest and options.checkpoint:
        parser.error("--manifest is of rows that this job has read, and with --checkpoint it may begin after the first")
    if options.newest_first and options.follow:
        parser.error("--newest-first reads a file from its end, which is not known with --follow")
    if options.newest_first and options.checkpoint:
        parser.error("--newest-first cannot be used with --checkpoint: the file begins with its newest row")
    if options.follow and (len(inputs) > 1 or "-" in inputs):
        parser.error("--follow needs one file, by its path; a pipe is read as it is written, without --follow")


def refuse_overwriting(parser: argparse.ArgumentParser, inputs: tuple[str, ...], options: argparse.Namespace) -> None:
    """Refuse to overwrite an input, the config or another output, by any name of the file."""
    from stream_signal.inputs.probe import probe
    from stream_signal.job.config import DEFAULT_CONFIG
    from stream_signal.order import WRITTEN
    from stream_signal.outputs.files import temporary_of
    from stream_signal.outputs.lock import lock_of

    taken = {
        **{probe(path).identity: "an input" for path in inputs},
        probe(options.config or DEFAULT_CONFIG).identity: "the config",
    }
    if is_stdout(options.output) or options.signals == "-":
        refuse_stdout(parser, inputs)
    if options.signals == "-":
        taken[_identity_of_stdout()] = "the signals on stdout"
    for name, what in WRITTEN.items():
        path = getattr(options, name)
        if not _is_replaced(path):
            continue
        file = probe(path).identity
        if file in taken:
            parser.error(f"--{name.replace('_', '-')} {path} would overwrite {taken[file]}")
        taken[file] = what
    for flag, what, path, beside in (
        ("--signals", "the lock of the signals", options.signals, lock_of),
        ("--checkpoint", "the lock of the checkpoint", options.checkpoint, lock_of),
        ("--checkpoint", "the temporary file of the checkpoint", options.checkpoint, temporary_of),
    ):
        if _is_replaced(path):
            file = probe(beside(path)).identity
            if file in taken:
                parser.error(f"{flag} {path} would use {taken[file]} as {what}: rename one of them")


def refuse_stdout(parser: argparse.ArgumentParser, inputs: tuple[str, ...]) -> None:
    """Refuse to write to stdout if that is a file that is read, as in `stream-signal data.csv >> data.csv`."""
    from stream_signal.inputs.probe import probe

    try:
        is_file = stat.S_ISREG(os.fstat(1).st_mode)
    except OSError:  # it is closed
        return
    if is_file and _identity_of_stdout() in {probe(path).identity for path in inputs}:
        parser.error("stdout is an input: write to another file")


def _identity_of_stdout() -> object:
    from stream_signal.inputs.plain import identity_of

    with suppress(OSError):
        return identity_of(os.fstat(1))
    return None


def _is_replaced(path: str | None) -> bool:
    """Whether an output is a file; a pipe or a device is not overwritten."""
    return path not in {None, "-"} and (os.path.isfile(path) or not os.path.exists(path))


def is_stdout(path: str) -> bool:
    """Whether a path is stdout under another name, like /dev/stdout."""
    try:
        return path == "-" or os.path.samestat(os.stat(path), os.fstat(1))
    except (OSError, ValueError):
        return False


def _is_null(path: str) -> bool:
    return os.path.exists(path) and os.path.samefile(path, os.devnull)


def _path(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("expected a path, found nothing")
    return text


# What reads a value that is a path.
PATHS = (_path, _file)
