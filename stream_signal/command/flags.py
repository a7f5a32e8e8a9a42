"""The flags of the two commands: their values, and which flags exclude each other.

Every mistake in a command line is reported before anything is read or written, with exit code 2.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NoReturn

from stream_signal import __version__
from stream_signal.command.printing import printed
from stream_signal.core.config import SETTINGS
from stream_signal.core.limits import MAX_WINDOWS
from stream_signal.core.settings import BOOLEAN, Kind, digits, integer, one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import SupportsWrite

_JOB = "stream-signal"
MAX_SECONDS = 10**9
MAX_JOBS = 1024


def choice(*words: str) -> Kind:
    """Return the kind of a few words."""
    expected = " or ".join(words).replace(" or ", ", ", len(words) - 2)
    return one_of(f"{{{','.join(words)}}}", expected, {word: word for word in words})


SECONDS = Kind(
    "SECONDS",
    f"seconds, more than 0 and at most {MAX_SECONDS}",
    {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_SECONDS},
    float,
)
JOBS = Kind(
    "N",
    f"auto, or an integer from 1 to {MAX_JOBS}",
    {"type": "integer", "minimum": 1, "maximum": MAX_JOBS},
    digits,
    lambda: {"auto": None},
)
PORT = integer(1, 65_535, "PORT")
ADDRESS = Kind("ADDRESS", "the address of a scheduler, or local", {"type": "string", "pattern": r"\S"})
PATH = Kind("PATH", "a path", {"type": "string", "minLength": 1})
FILE = Kind("PATH", "a file", {"type": "string", "pattern": "[^-]|--"})
METRICS_FORMAT = choice("json", "prometheus")
ERROR_FORMAT = choice("plain", "full")
SIGNALS_FORMAT = choice("csv", "jsonl")
RESUME_BY = choice("time")
BY = choice("day", "week", "month")
SHELL = choice("bash", "zsh", "fish")
ROWS = integer(1, 10**9)  # minutes of two thousand years
SYMBOLS = integer(1, 100_000)

# The help of a flag that is taken, and not shown.
HIDDEN = argparse.SUPPRESS
# What reads a value that is a path.
PATHS = (PATH.read, FILE.read)
_NEEDS = {
    "--by": "--rates",
    "--checkpoint-every": "--checkpoint",
    "--resume-by": "--checkpoint",
    "--signals-format": "--signals",
    "--idle-timeout": "--follow",
    "--rotated": "--follow",
}
_EXCLUDES = {
    ("--manifest", "--follow"): "--manifest is of inputs that end: leave out --follow",
    ("--manifest", "--checkpoint"): (
        "--manifest is of rows that this job has read, and with --checkpoint it may begin after the first"
    ),
    ("--newest-first", "--follow"): "--newest-first reads a file from its end, which is not known with --follow",
    ("--newest-first", "--checkpoint"): (
        "--newest-first cannot be used with --checkpoint: the file begins with its newest row"
    ),
}

_DESCRIPTION = """\
Count the candles whose close is above the rolling mean of the last closes, exactly: CSV from files or a pipe, the
metrics as JSON.

  stream-signal candles.csv                            the metrics, on one line
  cat jan.csv feb.csv | stream-signal -w 20            a pipe, 20 rows a mean
  stream-signal market.csv --key symbol                a mean for each symbol
  stream-signal btc.csv --report page.html             a page to look at
  stream-signal live.csv --follow --checkpoint s.json  a file that grows

Commands:
  stream-signal sniff         print the layout of a file, and how to read it
  stream-signal verify        count in several ways, or compare with a manifest
  stream-signal formats       list the known layouts
  stream-signal candles       write synthetic candles
  stream-signal checkpoint    print what a checkpoint holds
  stream-signal schema        print the JSON Schema of what is read or written
  stream-signal completion    write the completion of bash, zsh or fish
"""
_EPILOG = """\
Without a path, or with -, the candles are read from stdin.

Exit codes: 0 success, 1 the job failed, 2 the command line is wrong, 129, 130 or 143 stopped by SIGHUP, SIGINT or
SIGTERM, which is the normal end of --follow, and 0. With NO_COLOR in the environment, nothing has colour.
"""
_MORE = "stream-signal --help lists all flags."
# Settings for files that do not say how they are written, and rare ones: their flags come last.
_OF_FILES = (
    "column",
    "header",
    "delimiter",
    "format",
    "time_column",
    "newest_first",
    "decimal",
    "thousands",
    "negative",
)
_RARE = ("max_bad", "key_pattern", "max_keys", "grouped", "seed", "version")
_VERIFY_EPILOG = """\
It takes the arguments of the job; flags that do not decide its answer are ignored, and nothing is written.
With --manifest, the inputs and the settings are those of the manifest, unless others are given.

Exit codes: 0 all answers are the same, or nothing has changed; 1 one differs, or the input cannot be
read; 2 the command line is wrong.
"""
_SNIFF_EPILOG = """\
It takes the arguments of the job; flags that do not decide how rows are read are ignored, and nothing is written.

Exit codes: 0 the first 10,000 rows are read, 1 they are not, 2 the command line is wrong.
"""
# The flags that sniff and verify show beside the settings, by their names in the parsed options.
_OF_SNIFF = {"help", "paths", "inputs", "config", "no_config"}
_OF_VERIFY = {*_OF_SNIFF, "jobs", "manifest"}
_COMPLETION_EPILOG = """\
Put it where the shell looks:
  stream-signal completion bash > ~/.local/share/bash-completion/completions/stream-signal
  stream-signal completion zsh > ~/.zfunc/_stream-signal    with fpath+=~/.zfunc before compinit in ~/.zshrc
  stream-signal completion fish > ~/.config/fish/completions/stream-signal.fish
"""
# Where stdout is no terminal, as for the documents.
_COLUMNS = 112
_SHORT_COLUMNS = 80


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
    settings = parser.add_argument_group("settings; a flag wins over the config")
    _add_config(settings)
    _add_settings(settings, [name for name in SETTINGS if name not in {*_OF_FILES, *_RARE}])
    _add_outputs(parser.add_argument_group("outputs"))
    _add_resuming(parser.add_argument_group("continuing an earlier job"))
    _add_messages(parser.add_argument_group("messages and help"))
    group = parser.add_argument_group("how files are written, if unclear")
    _add_settings(group, _OF_FILES)
    _add_settings(parser.add_argument_group("settings that are rarely needed"), _RARE)
    _add_speed(parser.add_argument_group("several processes"))
    return parser


def _add(group: argparse._ActionsContainer, names: str, text: str, kind: Kind | None = None, **options: Any) -> None:
    """Add a flag, or an argument, with its help; without a kind of value, it is a switch."""
    if kind is None:
        options = {"action": "store_true"} | options
    else:
        options = {"metavar": kind.metavar, "type": kind.read} | options
    group.add_argument(*names.split(), help=text, **options)


def _add_inputs(group: argparse._ArgumentGroup) -> None:
    _add(
        group,
        "paths",
        "candle CSV; several are read in order, as one stream; a folder or 'PATTERN' in that of their times",
        PATH,
        nargs="*",
    )
    _add(group, "-i --input", "the same, as a flag", PATH, dest="inputs", action="append")
    _add(group, "--follow", "keep reading the file as it grows, until SIGINT or SIGTERM")
    _add(group, "--idle-timeout", "end --follow after so many seconds without new bytes", SECONDS)
    text = "names of the old files when the one of --follow is rotated, such as 'live.csv.*'"
    _add(group, "--rotated", text, PATH, metavar="PATTERN")


def _add_config(group: argparse._ArgumentGroup) -> None:
    _add(group, "-c --config", "YAML settings (default: ./config.yaml, if it exists)", PATH)
    _add(group, "--no-config", "ignore ./config.yaml")
    _add(group, "--print-config", "print the settings in effect and where each came from, and exit")


def _add_settings(group: argparse._ArgumentGroup, names: Iterable[str]) -> None:
    """Add the flags of some settings."""
    for row in map(SETTINGS.__getitem__, names):
        if row.name == "windows":
            continue  # those that --window has behind the first
        options: dict[str, Any] = {"dest": row.name, "default": HIDDEN}  # not among the options unless it is given
        default = row.kind.unset if row.default is None else row.kind.text(row.default)
        text = row.help if default in {"none", "false"} else f"{row.help} (default: {default})"
        if row.name == "window":
            options |= {"type": _windows, "metavar": SETTINGS["windows"].kind.metavar}
            text = f"{text}; {SETTINGS['windows'].help}"
        if row.name == "time_column":
            options["action"] = "append"
        if row.kind is BOOLEAN:
            _add(group, row.flag, text, action=argparse.BooleanOptionalAction, **options)
        else:
            _add(group, " ".join(row.flags or [row.flag]), text, row.kind, **options)
        if row.name == "header":
            _add(group, "--no-header", "--header false", action="store_const", const=False, **options)


def _windows(text: str) -> tuple[int, ...]:
    window, *further = map(SETTINGS["window"].kind.read, text.split(","))
    if window in further or not SETTINGS["windows"].kind.allows(tuple(further)):
        raise ValueError(f"expected at most {1 + MAX_WINDOWS} windows, each of them once, found {text!r}")
    return window, *further


def _add_outputs(group: argparse._ArgumentGroup) -> None:
    _add(group, "-o --output", "write the metrics here (default: -, stdout)", PATH, default="-")
    _add(group, "--every", "write the metrics so far every so many seconds", SECONDS)
    text = "prometheus: the text file that its node exporter collects"
    _add(group, "--metrics-format", text, METRICS_FORMAT, default="json")
    text = "full: an error record has the kind of the error and its hint, too (default: plain)"
    _add(group, "--error-format", text, ERROR_FORMAT, default="plain")
    _add(group, "--prometheus", "serve the metrics so far at http://127.0.0.1:PORT/metrics", PORT)
    text = "write the counts of each key here (csv, json, jsonl or parquet), only their number in the metrics"
    _add(group, "--keys-output", text, PATH)
    _add(group, "--rates", "write the rate of each day here, and of each key (csv, json, jsonl or parquet)", PATH)
    _add(group, "--by", "with --rates: day, week or month (default: day)", BY)
    text = "write a line for each row here (csv, jsonl or parquet; -: stdout, with --output FILE)"
    _add(group, "--signals", text, PATH)
    text = "default: by the ending of PATH (.jsonl, .ndjson, .parquet), otherwise csv"
    _add(group, "--signals-format", text, SIGNALS_FORMAT)
    _add(group, "--report", "write a page to look at here: price, mean and signal rate, as HTML", FILE)
    text = "write the SHA-256 of each input, the settings, versions and counts here, for `stream-signal verify`"
    _add(group, "--manifest", text, FILE)
    _add(group, "--summary", "write what was found in words here, as Markdown: for the page of a job of CI", FILE)
    _add(group, "--log-file", "append the log here, as JSON Lines (-: stderr, and nothing else)", PATH)


def _add_resuming(group: argparse._ArgumentGroup) -> None:
    _add(group, "--checkpoint", "resume from the state saved here, if any; save it here", FILE)
    _add(group, "--checkpoint-every", "save the state every so many seconds (default: 30)", SECONDS)
    text = "skip the rows of a pipe up to the last timestamp of the checkpoint: its sender repeats them"
    _add(group, "--resume-by", text, RESUME_BY)


def _add_speed(group: argparse._ArgumentGroup) -> None:
    _add(group, "--jobs", "count large files in N processes (default: auto, as many as pay)", JOBS)
    _add(group, "--cluster", "count on a Dask cluster: tcp://host:8786, or local for one of this machine", ADDRESS)


def _add_messages(group: argparse._ArgumentGroup) -> None:
    _add(group, "--strict", "fail if the answer is doubtful in any way; look at the times of all rows")
    _add(group, "-q --quiet", "do not report doubts about the answer on stderr")
    text = "draw the progress on stderr, if that is a terminal, at once; without this flag: after a second"
    _add(group, "--progress", text, action=argparse.BooleanOptionalAction, default=None)
    _add(group, "-v --verbose", "log to stderr; -vv: tracebacks in the log file", action="count", default=0)
    _add(group, "-h", "show the commands and examples, and exit", action=_ShortHelp, nargs=0)
    _add(group, "--help", "show this help and exit; with --json: as JSON", action="help")
    _add(group, "-V --version", "show the version and exit", action="version", version=f"{_JOB} {__version__}")


def values_of(action: argparse.Action) -> list[str]:
    """Return what may be typed as the value of a flag, if it is little."""
    kind = getattr(action.type, "__self__", None)
    return list(kind.texts()) if isinstance(kind, Kind) else []


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that the command line gives, by their key."""
    given = {name: value for name, value in vars(options).items() if name in SETTINGS}
    if "window" in given:
        given["window"], *further = given["window"]
        given["windows"] = tuple(further)  # the flag replaces those of the config too
    if "time_column" in given:
        columns = given["time_column"]
        given["time_column"] = columns[0] if len(columns) == 1 else tuple(columns)
    return given


def candles_parser() -> Parser:
    """Return the parser of `stream-signal candles`."""
    text = "Write synthetic BTC/USD one-minute candles as CSV to stdout: the same bytes for a seed on every machine."
    parser = Parser("stream-signal candles", description=text)
    _add(parser, "--rows", "candles to write (default: 10000)", ROWS, default=10_000)
    _add(parser, "--symbols", "write a market of N symbols, with their names in a first column", SYMBOLS)
    _add(parser, "--seed", "default: the seed of the config", SETTINGS["seed"].kind)
    _add(parser, "--config", "YAML settings (default: ./config.yaml, if it exists)", PATH)
    return parser


def parse(parser: Parser, arguments: list[str]) -> argparse.Namespace:
    """Parse paths and flags in any order; what follows `--` is a path, also if it begins with a dash."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options: argparse.Namespace = parser.parse_intermixed_args(arguments[:end])  # which loses the `--`
    if "" in arguments[end:]:
        parser.error(f"argument PATH: {PATH.wrong('')}")
    options.paths += arguments[end + 1 :]
    if options.paths and options.inputs:
        parser.error("give the inputs as paths or with --input, not both: their order would be ambiguous")
    if options.config and options.no_config:
        parser.error("--no-config ignores ./config.yaml: leave it out, or --config")
    return options


def checkpoint_parser() -> Parser:
    """Return the parser of `stream-signal checkpoint`."""
    text = (
        "Print what a checkpoint holds: inputs, rows, the next row that a sender has to send, last timestamp, settings."
    )
    parser = Parser("stream-signal checkpoint", description=text)
    _add(parser, "file", "what --checkpoint has saved", FILE, metavar="FILE")
    _add(parser, "--json", "write it as JSON, on one line")
    return parser


def formats_parser() -> Parser:
    """Return the parser of `stream-signal formats`."""
    text = "Print the known layouts, one a line: what --format NAME sets, and where each is described."
    return Parser("stream-signal formats", description=text)


def sniff_parser() -> Parser:
    """Return the parser of `stream-signal sniff`: it takes whatever a job takes, and shows what decides the layout."""
    parser = job_parser()
    parser.prog = "stream-signal sniff"
    parser.description = (
        "Print how a job reads its input: encoding, header, delimiter, order of time, the role of each column and why, "
        "and the command that reads it."
    )
    parser.epilog = _SNIFF_EPILOG
    _add(_other_group(parser, _OF_SNIFF, "printing"), "--json", "print it as JSON, on one line")
    return parser


def verify_parser() -> Parser:
    """Return the parser of `stream-signal verify`: it takes whatever a job takes, and shows what decides its answer."""
    parser = job_parser()
    parser.prog = "stream-signal verify"
    parser.description = (
        "Count the input of a job in several ways, compare the answers, and print a table: row engine, block engine, "
        "worker processes, and fractions on the first rows."
    )
    parser.epilog = _VERIFY_EPILOG
    group = _other_group(parser, _OF_VERIFY, "comparing")
    for action in parser._actions:  # noqa: SLF001 - as argparse has no other way to change a help
        if action.dest == "jobs":
            action.help = "worker processes (default: 2)"
        elif action.dest == "manifest":
            action.help = "compare the inputs, the settings and the counts with what a job has written here"
    _add(group, "--sample", "rows that are judged by fractions (default: 100000, or twice the window)", ROWS)
    return parser


def _other_group(parser: Parser, shown: set[str], title: str) -> argparse._ArgumentGroup:
    """Hide the flags of a job that are neither settings nor shown; return the group of its outputs, renamed."""
    for action in parser._actions:  # noqa: SLF001 - as argparse has no other way to hide a flag
        if action.dest not in shown and action.dest not in SETTINGS:
            action.help = HIDDEN
    group = next(group for group in parser._action_groups if group.title == "outputs")  # noqa: SLF001
    group.title = title
    return group


def completion_parser() -> Parser:
    """Return the parser of `stream-signal completion`."""
    text = "Write what completes the flags of stream-signal in a shell, to stdout."
    parser = Parser("stream-signal completion", description=text, epilog=_COMPLETION_EPILOG)
    _add(parser, "shell", "bash, zsh or fish", SHELL, metavar="SHELL")
    return parser


def schema_parser() -> Parser:
    """Return the parser of `stream-signal schema`."""
    text = (
        "Print a JSON Schema: of the metrics, the error record, a config, a manifest, the log (a line) or a checkpoint."
    )
    from stream_signal.command.schemas import SCHEMAS

    parser, kind = Parser("stream-signal schema", description=text), choice(*SCHEMAS)
    _add(parser, "name", kind.expected, kind, metavar="NAME")
    return parser


# Selected by the first argument; `./candles` is a file.
PARSERS: dict[str, Callable[[], Parser]] = {
    "candles": candles_parser,
    "checkpoint": checkpoint_parser,
    "formats": formats_parser,
    "sniff": sniff_parser,
    "verify": verify_parser,
    "schema": schema_parser,
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
        self._refuse_one_dash(self._given)
        return super().parse_known_args(args, namespace)

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse flags and their values."""
        return self._without_rest(*self.parse_known_args(args, namespace))

    def parse_intermixed_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse paths and flags in any order."""
        return self._without_rest(*self.parse_known_intermixed_args(args, namespace))

    def _without_rest(self, options: argparse.Namespace, rest: list[str]) -> argparse.Namespace:
        """Return the options, if argparse could read all arguments."""
        if rest:
            self._refuse(rest)
        return options

    def _refuse(self, arguments: list[str]) -> NoReturn:
        from stream_signal.command.usage import unknown

        self.error(unknown(arguments, self._option_string_actions))

    def error(self, message: str) -> NoReturn:
        """Print the message, and exit with code 2."""
        from stream_signal.command.usage import misspelt_command
        from stream_signal.core.errors import shown
        from stream_signal.core.printable import printable
        from stream_signal.core.urls import without_secrets

        for given in self._given:
            value = given.partition("=")[2] if given.startswith("-") else given
            for said in (value, repr(value)[1:-1]):
                message = message.replace(said, without_secrets(said)) if said else message
        message = " ".join(message.splitlines())
        lines = []
        if self.prog == _JOB and (meant := misspelt_command(self._given, PARSERS)):
            message, *lines = f"{shown(self._given[0])} is no command and no file; {meant[0]}", *meant[1:]
        lines = [f"{self.prog}: error: {message} (see {self.prog} --help)", *(f"{self.prog}: {line}" for line in lines)]
        self.exit(2, "".join(f"{printable(line)}\n" for line in lines))

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        """Return the value of a flag; what its kind says of a wrong one is the message."""
        if not callable(action.type):
            return arg_string
        try:
            return action.type(arg_string)
        except ValueError as error:
            raise argparse.ArgumentError(action, str(error)) from None

    def _refuse_one_dash(self, arguments: list[str]) -> None:
        """Refuse `-output`, which would be -o with the value `utput`, and `-vx`, if there is no -x."""
        actions = self._option_string_actions
        for argument in arguments[: arguments.index("--") if "--" in arguments else None]:
            name = argument.partition("=")[0]
            letters = [actions.get(f"-{letter}") for letter in name[1:]] if argument[:1] == "-" else []
            flags = list(takewhile(lambda action: action and action.nargs == 0, letters))
            is_short = not flags or len(flags) == len(letters) or letters[len(flags)]
            if letters and (f"-{name}" in actions or not is_short):
                self._refuse([argument])

    def format_help(self) -> str:
        """Return the help, as wide as the terminal."""
        self._widen(_COLUMNS)
        return super().format_help()

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print the help; as JSON if --json was given, too."""
        if "--json" not in self._given:
            super().print_help(file)
            return
        from stream_signal.command.listing import listing

        shown = [
            (group.title or "", action)
            for group in self._action_groups
            for action in group._group_actions  # noqa: SLF001 - as argparse has no other way to list them
            if action.help != HIDDEN
        ]
        self._print_message(listing(self.prog, shown), file or sys.stdout)

    def print_short_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print what fits in one screen: what a job does, examples and commands; of a command, the whole help."""
        if self.prog != _JOB:
            self.print_help(file)
            return
        self._widen(_SHORT_COLUMNS)
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, self._actions, self._mutually_exclusive_groups)
        formatter.add_text(self.description)
        formatter.add_text(_MORE)
        self._print_message(formatter.format_help(), file or sys.stdout)

    def _widen(self, columns: int) -> None:
        """Have the help as wide as the terminal; elsewhere, so many columns."""
        from functools import partial
        from shutil import get_terminal_size

        self.formatter_class = partial(_Formatter, width=get_terminal_size((columns, 24)).columns - 2)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print the help or the version; argparse itself ignores that it cannot."""
        if file is None or file is not sys.stdout:
            super()._print_message(message, file)
        elif code := printed(lambda: [message.encode()], self, self._given):
            self.exit(code)


class _ShortHelp(argparse.Action):
    """Prints what fits in one screen, or the whole help of a command."""

    def __call__(self, parser: Any, *_: Any) -> None:
        """Print it, and exit."""
        parser.print_short_help()
        parser.exit()


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


# What `-` sends to stdout, besides the metrics.
_TO_STDOUT = ("signals", "keys_output", "rates")


def refuse_contradictions(
    parser: argparse.ArgumentParser, inputs: tuple[str, ...], options: argparse.Namespace
) -> None:
    """Refuse flags that exclude or need each other."""
    given = {f"--{name.replace('_', '-')}": value for name, value in vars(options).items()}
    for flag, needed in _NEEDS.items():
        if given[flag] and not given[needed]:
            parser.error(f"{flag} needs {needed}")
    for (flag, other), why in _EXCLUDES.items():
        if given.get(flag) and given.get(other):
            parser.error(why)
    to_stdout = [f"--{name.replace('_', '-')}" for name in _TO_STDOUT if getattr(options, name) == "-"]
    if to_stdout and is_stdout(options.output) and not _is_null(options.output):
        parser.error(f"{to_stdout[0]} - writes to stdout: the metrics need --output FILE")
    if len(to_stdout) > 1:
        parser.error(f"{to_stdout[0]} and {to_stdout[1]} cannot both be written to stdout")
    if options.signals and options.signals.endswith(".json") and not options.signals_format:
        parser.error(
            "--signals writes lines, not one JSON text: name a file that ends in .jsonl, or give --signals-format"
        )
    if options.signals:
        _refuse_adding_to_parquet(parser, options)
    if len(given.get("--time-column", ())) > 2:
        parser.error("--time-column may be given once, or twice for a date and a time")
    if options.follow and (len(inputs) > 1 or "-" in inputs):
        parser.error("--follow needs one file, by its path; a pipe is read as it is written, without --follow")


def _refuse_adding_to_parquet(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    from stream_signal.core.line_format import PARQUET, format_for

    if (options.signals_format or format_for(options.signals)) == PARQUET:
        for flag, value in (("--checkpoint", options.checkpoint), ("--follow", options.follow)):
            if value:
                parser.error(f"--signals to Parquet cannot be used with {flag}: a Parquet file cannot be continued")


def refuse_overwriting(parser: argparse.ArgumentParser, inputs: tuple[str, ...], options: argparse.Namespace) -> None:
    """Refuse to overwrite an input, the config or another output, by any name of the file."""
    from stream_signal.job.overwriting import overwritten
    from stream_signal.order import WRITTEN

    if is_stdout(options.output) or options.signals == "-":
        refuse_stdout(parser, inputs)
    others = {_identity_of_stdout(): "the signals on stdout"} if options.signals == "-" else {}
    why = overwritten(inputs, options.config, {name: getattr(options, name) for name in WRITTEN}, others)
    if why:
        parser.error(why)


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


def is_stdout(path: str) -> bool:
    """Whether a path is stdout under another name, like /dev/stdout."""
    try:
        return path == "-" or os.path.samestat(os.stat(path), os.fstat(1))
    except (OSError, ValueError):
        return False


def _is_null(path: str) -> bool:
    return os.path.exists(path) and os.path.samefile(path, os.devnull)
