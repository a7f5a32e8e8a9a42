r"""What a shell reads: arguments, paths and the pipelines of hints, as they are to be typed.

A name with control characters has to stay the same name, so a shell reads their escapes back (`$'a\x1b.csv'`, as bash,
zsh and ksh do).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.errors import FILE, Pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from stream_signal.core.errors import Hint, Way

JOB = "stream-signal"


def typed(text: str) -> str:
    r"""Quote a text as it is to be typed in a shell.

    >>> print(typed("jan.csv"), typed("it's.csv"), typed("a\x1b[31m'.csv"))
    jan.csv "it's.csv" $'a\x1b[31m\'.csv'
    """
    if isinstance(text, Pattern):
        return "*".join(typed(part) if part else "" for part in text.split("*"))
    if "'" in text and text.isprintable() and not set(text) & set('"$`\\!'):
        return f'"{text}"'
    if text.isprintable():
        from shlex import quote

        return quote(text)
    return f"$'{''.join(map(_escaped, text))}'"


def as_path(path: str) -> str:
    """Return a path as an argument: one that begins with a dash is no flag.

    >>> as_path("-a.csv")
    './-a.csv'
    """
    return f"./{path}" if path.startswith("-") else path


def typed_path(path: str) -> str:
    """Quote a path as it is to be typed."""
    return typed(as_path(path))


def typed_all(arguments: Iterable[str]) -> str:
    """Quote arguments, with spaces between them."""
    return " ".join(map(typed, arguments))


def typed_before(commands: Sequence[tuple[str, ...]], path: str | None, printing: tuple[str, ...] = ()) -> str | None:
    r"""Return a pipeline that reads `path`, or stdin if that is None, as it is to be typed; None if it cannot.

    `printing` prints what the job reads, if the file itself is compressed.

    >>> print(typed_before([("tr", r"\r", r"\n")], "my.csv"))
    tr '\r' '\n' < my.csv
    >>> typed_before([("iconv", "-f", "utf-16", FILE)], "my.csv.gz", ("gzip", "-dc", "my.csv.gz"))
    'gzip -dc my.csv.gz | iconv -f utf-16'
    """
    start, *rest = commands
    is_last = start[-1] == FILE
    if printing or path is None:
        if FILE in start and not is_last:  # it reads no stdin
            return None
        pipeline = [printing] * bool(printing) + [start[:-1] if is_last else start]
        return " | ".join(map(typed_all, [*pipeline, *rest]))
    words = [typed_path(path) if word == FILE else typed(word) for word in start]
    words += [] if FILE in start else ["<", typed_path(path)]
    return " | ".join([" ".join(words), *map(typed_all, rest)])


def reversing(head_lines: int) -> tuple[str, ...]:
    """Return the command that prints a file with its rows in the other order, below its first lines.

    >>> print(typed_all(reversing(1)))
    awk 'NR<=1{print;next}{row[NR]=$0}END{for(n=NR;n>1;n--)print row[n]}'
    """
    head = f"NR<={head_lines}{{print;next}}" if head_lines else ""
    return "awk", f"{head}{{row[NR]=$0}}END{{for(n=NR;n>{head_lines};n--)print row[n]}}"


def text_of(hint: Hint) -> str:
    """Write a hint on one line, for those who know no command line: with the flags alone, as for a log.

    >>> from stream_signal.core.errors import Hint, Way
    >>> text_of(Hint("line 1 looks like data", (Way(("--no-header", "--column", "5")),)))
    'line 1 looks like data: try --no-header --column 5'
    """
    ways = [text for way in hint.ways if (text := _text_of_way(way, hint))]  # none if only a path changes
    if not ways:
        return hint.words
    return f"{hint.words}{': ' * bool(hint.words)}{'either' if hint.either else 'try'} {' or '.join(ways)}"


def _text_of_way(way: Way, hint: Hint) -> str:
    flags = typed_all(way.first or way.flags)
    if not way.before:
        return flags
    before = typed_before(way.before, hint.path or FILE, hint.printing) or typed_before(way.before, FILE)
    return f"{before} | {JOB} {flags}".rstrip()


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    # A byte of a file name that is no UTF-8 is a lone surrogate.
    surrogates = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", surrogates))
