"""`stream-signal sniff`: the layout of a file, as a table or as JSON, and the command that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stream_signal.command.flags import job_parser, parse, settings_of
from stream_signal.command.proposals import lines_of
from stream_signal.core.layout.encodings import shown_encoding
from stream_signal.core.printable import in_columns, json_text, printable
from stream_signal.hints.shell import typed_all
from stream_signal.job.config import find_config, load_config
from stream_signal.job.named import files_of
from stream_signal.job.sniff import sniff
from stream_signal.outputs.metrics import one_line
from stream_signal.stopping import StopSignals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stream_signal.command.flags import Parser
    from stream_signal.core.errors import Hint
    from stream_signal.core.layout.roles import Column
    from stream_signal.job.sniff import Sniffed

_MOST_CHARACTERS = 24  # of a cell
# How a line of a hint begins that has a command.
_BEFORE_COMMANDS = ("try ", "either ", "or ")
_DELIMITERS = {"\t": "tab", " ": "space"}


def of_job(arguments: list[str]) -> list[str]:
    """Return the arguments of the job that reads what is sniffed."""
    return [argument for argument in arguments if argument != "--json"]


def sniffed(parser: Parser, arguments: list[str]) -> Iterator[bytes]:
    """Yield what is known of the layout of the inputs; then raise why they are refused, if they are."""
    options = parse(parser, arguments)
    names = tuple(options.paths or options.inputs or ("-",))
    config = load_config(find_config(options.config, ignored=options.no_config), settings_of(options))
    with StopSignals() as stop:
        stop.check()
        sniffed = sniff(files_of(names, config), config, stop)
    hint = (
        sniffed.error.hint if sniffed.error else next((doubt.hint for doubt in sniffed.doubts if doubt.hint.ways), None)
    )
    commands = _commands(hint, arguments, is_read=not sniffed.error)
    texts = [doubt.text for doubt in sniffed.doubts]
    if options.json:
        yield (json_text(_as_json(sniffed, texts, commands)) + "\n").encode()
    else:
        lines = [*_as_table(sniffed).splitlines(), *([""] if texts else []), *texts]
        lines += ["", *commands] if commands and not sniffed.error else []  # those of an error follow it on stderr
        yield "".join(f"{printable(line)}\n" for line in lines).encode()
    if sniffed.error:
        raise sniffed.error


def _commands(hint: Hint | None, arguments: list[str], *, is_read: bool) -> list[str]:
    """Return what reads the inputs: the ways out of an error or a doubt, or the job as it was given."""
    given = of_job(arguments)
    lines = lines_of(hint, job_parser(), given)
    whole = [line.partition(" ")[2] for line in lines if line.startswith(_BEFORE_COMMANDS)]
    return whole or ([typed_all(["stream-signal", *given])] if is_read and not (hint and hint.ways) else [])


def _as_table(sniffed: Sniffed) -> str:
    header = ("yes" if sniffed.header is None else f"line {sniffed.header}") if sniffed.has_header else "none"
    facts = [
        ("encoding", shown_encoding(sniffed.encoding) if sniffed.encoding else "unknown"),
        ("header", header if sniffed.encoding else "unknown"),
        ("delimiter", _DELIMITERS.get(sniffed.delimiter or "", sniffed.delimiter or "unknown")),
        ("order", sniffed.order),
    ]
    if not sniffed.columns:
        return in_columns(facts)
    rows = [("column", "name", "role", "why", "first values"), *map(_row, sniffed.columns)]
    return f"{in_columns(facts)}\n{in_columns(rows, right={0})}"


def _row(column: Column) -> tuple[str, str, str, str, str]:
    values = ", ".join(map(_short, column.values))
    return str(column.number), _short(column.name), column.role, column.why, values


def _short(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 3]}..."


def _as_json(sniffed: Sniffed, doubts: list[str], commands: list[str]) -> dict[str, Any]:
    return {
        "encoding": sniffed.encoding,
        "header": sniffed.has_header,
        "header_line": sniffed.header,
        "delimiter": sniffed.delimiter,
        "order": sniffed.order,
        "columns": [column._asdict() for column in sniffed.columns],
        "doubts": doubts,
        "error": one_line(sniffed.error) if sniffed.error else None,
        "commands": commands,
    }
