"""Hints about data: what a file that was refused may be, and what to type next, from the clue of the error.

A hint is a guess, for a person to judge: it never decides how anything is read. Pure functions, which run once, when an
error ends the job.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from stream_signal.core.config import DELIMITERS, SETTINGS, Config
from stream_signal.core.errors import FILE, Hint, Way, shown
from stream_signal.core.foreign import BINARY
from stream_signal.core.layout import guess
from stream_signal.core.layout.encodings import likely, shown_encoding
from stream_signal.core.layout.layout import SYMBOL_NAMES, folded, matches
from stream_signal.core.layout.prices import find_closes, like_close
from stream_signal.core.quotes import cells_in
from stream_signal.core.ticks import Marks
from stream_signal.hints.shell import reversing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from stream_signal.core.errors import StreamSignalError
    from stream_signal.core.layout.guess import Lines
    from stream_signal.core.layout.layout import Layout

# The columns that a hint lists; a file of ticks or of book levels may have hundreds.
_MOST_NAMES = 12
_NO_CLOSE = re.compile(r"(?:^|[\W_])(?:ts|dt)(?:$|[\W_])|(?:time|date|stamp)(?:$|[\W_])")
_MOST_JSON = 65_536  # of it are looked at, if it is cut off
_MOST_JSON_ROWS = 1000
_MOST_WORDS = 200  # characters of an answer of a server
_NOT_TEXT = Hint("the file is damaged, or not a text file: look at it with `file` or `head -c 200`")
_STRAY_QUOTE = Hint("a quoted field ends at its second quote: write a quote within it twice")
_OPEN_QUOTE = Hint("a quote opens a field there and is not closed: close it, or double it if it is part of the text")
_TORN = Hint(
    "the last line is torn: no newline ends it; get the whole file, read it with --follow as it grows, or leave it out",
    (Way((), (("sed", "$d", FILE),)),),
)
_GROUPED = Hint(
    "the rows are not grouped by their key: do without --grouped, or sort them, without changing the order within each",
    (Way(("--no-grouped",)),),
)
LENIENT = Hint("if such rows may count without a close", (Way(("--bad-rows", "missing")),))
_BY_PATH = Hint("give the job its path, of a file that is not compressed")
_NO_TEXT = Hint("it is no text: name the file that has the rows, or export the table as CSV")


def hint_of(error: StreamSignalError, config: Config | None = None) -> Hint | None:
    """Return the hint of an error of a job with these settings; None if nothing is known.

    >>> from stream_signal.core.errors import MissingColumnError
    >>> hint = hint_of(MissingColumnError("close").with_clue("no_header", lines=[(1, b"time,Price"), (2, b"1,2")]))
    >>> hint.words, hint.ways[0].flags
    ("line 1 has the columns 'time' and 'Price'", ('--column', 'Price'))
    """
    if error.clue is None:
        return error.hint
    kind, facts = error.clue
    return HINTS[kind](config or Config(), **facts)


def _of_no_header(config: Config, lines: Lines) -> Hint:
    """Say what the first lines of an input are, if none of them is a header with the column."""
    text = b"\n".join(line for _, line in lines)
    if hint := _of_other_text(text, config) or _of_encoding(lines, config) or _of_data(lines, config):
        return hint
    for number, line in lines:  # another delimiter than the configured one gives the column
        for mark, name in DELIMITERS.items():
            if config.delimiter not in {None, mark} and matches(tuple(cells_in(line, mark)), _wanted(config)):
                return _by_flags(f"line {number} has the column, with another delimiter", "--delimiter", name)
    number, line = max(lines, key=lambda line: len(guess.cells_of(line[1], config)))
    names = tuple(guess.cells_of(line, config))
    rows = [cells for at, line in lines if at > number and len(cells := guess.cells_of(line, config)) == len(names)]
    near = nearest(names, config.column_name) or _by_content(names, rows)
    if len(names) == 1 and not (near and not set(names[0]) & {" ", *DELIMITERS}):
        return _of_one_column(number, names[0], lines, config)
    found = f"line {number} has the {'columns' if len(names) > 1 else 'column'} {_listed(names)}"
    return _one_of(found, [("--column", name) for name in near]) if near else Hint(f"{found}: name one with --column")


def _by_content(names: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    """Return the columns that may have the close by what the cells below them are, whatever they are called."""
    if len(rows) < 2:  # one fits by chance
        return []
    closes = find_closes((), rows, guess.times_of(rows))
    return [names[found.position] for found in closes if names.count(names[found.position]) == 1]


def _of_encoding(lines: Lines, config: Config) -> Hint | None:
    """Say in which encodings the first line with names may be, if that is not UTF-8."""
    marks = [config.delimiter] if config.delimiter else list(DELIMITERS)
    others = [(at, likely(line, marks)) for at, line in lines if not guess.is_data(guess.cells_of(line, config))]
    number, found = max(others, key=lambda other: max((len(it.names) for it in other[1]), default=0), default=(0, []))
    if not found:
        return None
    names = [shown_encoding(reading.encoding) for reading in found]
    columns = f"the columns {_listed(found[0].names)}" if len(found[0].names) > 1 else shown(found[0].names[0])
    words = f"line {number} is not UTF-8: {' or '.join(names)} may be its encoding, and in {names[0]} it has {columns}"
    ways = tuple(Way((), (("iconv", "-f", reading.encoding.upper(), "-t", "UTF-8", FILE),)) for reading in found)
    return Hint(words, ways, either=len(ways) > 1)


def _of_first_line(config: Config, line: bytes, number: int) -> Hint:
    """Say what a first line is that cannot be read as the settings say."""
    if hint := _of_other_text(line, config):
        return hint
    cells = guess.cells_of(line, config)
    if guess.is_header(cells):
        return _of_header(f"line {number}", cells, config)
    if not guess.is_data(cells) or not guess.find_close([cells]):
        return Hint(
            f"line {number} has {len(cells)} field{'s' * (len(cells) != 1)}: give the number of the close, --column"
        )
    if config.format:
        words = f"it has another layout than --format {config.format}"
        return _of_rows([cells], words, line, config._replace(format=None), without=("format",))
    return _of_rows([cells], f"line {number} looks like data", line, config)


def _of_header(where: str, names: Sequence[str], config: Config) -> Hint:
    near = nearest(tuple(names), config.column_name or "close")
    column = ("--column", near[0]) if len(near) == 1 else ()
    return Hint(f"{where} looks like a header", (Way(("--header", "true", *column), without=("format",)),))


def _of_bad_row(config: Config, cells: list[str], header: Layout, *, torn: bool, first: bool) -> Hint:
    """Say why a line is no row: torn, a header, two rows, or with other marks."""
    surplus = len(cells) - header.width
    if torn and (surplus < 0 or (not surplus and header.position == header.width - 1)):
        return _TORN
    if guess.is_header(cells) and not header.names and (first or config.newest_first):  # from the end, it comes last
        return _of_header("line 1" if first else "the line", cells, config)
    if guess.is_header(cells) and len(cells) > 1:
        return Hint("the line looks like another header: files with other columns have to be read on their own")
    if surplus:
        words = _of_fields(cells, header)
        return Hint(words) if words else LENIENT
    return _of_close(cells[header.position], config) or _of_time(cells, header.position) or LENIENT


def _of_long_line(config: Config, start: bytes) -> Hint:
    """Say what a line is that has no end, from how it begins."""
    words = "the line has no end, or the file is no CSV: look at it with `head -c 200`"
    return _of_other_text(start, config) or Hint(words)


_STOP_AT_FIRST = "--bad-rows error stops at the first of them and says what to try"
_NO_FULL_WINDOW = Hint(
    f"{_STOP_AT_FIRST}; a shorter --window needs fewer rows without one of them", (Way(("--bad-rows", "error")),)
)


def _of_many_bad_rows(_: Config, bad: int, rows: int) -> Hint:
    share = -(-100 * bad // rows) / 100  # rounded up
    ways = Way(("--bad-rows", "error")), Way(("--max-bad", f"{share:g}"))
    return Hint(f"{_STOP_AT_FIRST}; --max-bad {share:g} lets so many be bad", ways)


def _of_no_rows(config: Config, header: bytes | None) -> Hint:
    """Say what an input without a row may be."""
    if header is None:
        words = "a command before the pipe may have failed, or the file is not written yet: --follow waits for its rows"
        return Hint(words)
    words = "the file may not be written yet: --follow waits for its rows"
    return _of_other_text(header, config) or Hint(words)


def _of_no_such_column(_: Config, setting: str, names: Sequence[str], column: str | int) -> Hint:
    """Say which column may be the timestamp or the key, if the one that was asked for is not there."""
    flag = SETTINGS[setting].flag
    what = {"key": "column of the keys"}.get(setting, "timestamp column")
    if not names:
        return Hint(f"the {what} ({flag}) has to be a number, since there is no header")
    known = [name for name in names if folded(name) in SYMBOL_NAMES] if setting == "key" else []
    wanted = column if isinstance(column, str) else None
    near = known or nearest(tuple(names), wanted, of_close=False)
    words = f"that is the {what} ({flag}); the columns are {_listed(names)}"
    return _one_of(words, [(flag, name) for name in near])


def _of_two_columns(_: Config, setting: str, columns: Sequence[int]) -> Hint:
    return _one_of("", [(SETTINGS[setting].flag, str(number)) for number in columns])


def _of_two_delimiters(_: Config, marks: Sequence[str], row: bytes) -> Hint:
    names = [DELIMITERS[mark] for mark in marks]
    if re.search(rb"[0-9],[0-9]", row) and marks[0] == ",":
        return _by_flags("if the prices have a decimal comma", "--delimiter", names[1], "--decimal", ",")
    return _one_of("", [("--delimiter", name) for name in names])


def _of_number_for_header(_: Config, number: int, column: int) -> Hint:
    return _by_flags(f"line {number} looks like data", "--no-header", "--column", str(column))


def _of_symbols(_: Config, column: str | None) -> Hint:
    """Say how rows of several symbols are counted."""
    over_all = Way(("--key", "none"))
    if column is None:
        return Hint("one series over all", (over_all,))
    return Hint("one mean each, or one series over all", (Way(("--key", folded(column))), over_all))


def _of_many_keys(_: Config, most: int | None) -> Hint:
    return Hint("is this the column of the symbols?" + " if it is, set a higher --max-keys" * (most is not None))


def _by_flags(words: str, *flags: str) -> Hint:
    return Hint(words, (Way(flags),))


def _by_command(words: str, *command: str, flags: tuple[str, ...] = ()) -> Hint:
    return Hint(words, (Way(flags, (command,)),))


def _one_of(words: str, flags: Iterable[tuple[str, ...]]) -> Hint:
    """Propose the flags if they are the only ones; otherwise only a person can tell which are right."""
    ways = tuple(map(Way, flags))
    return Hint(words, ways, either=len(ways) > 1)


def nearest(names: tuple[str, ...], wanted: str | None, *, of_close: bool = True) -> list[str]:
    """Return the names, at most three, that are most like the wanted one, the nearest first.

    >>> nearest(("time", "Close Price", "close_time"), "close"), nearest(("day", "Last", "volume"), "close")
    (['Close Price'], ['Last'])
    """
    if wanted is None:
        return []
    from difflib import get_close_matches

    wanted, by_fold = folded(wanted), {folded(name): name for name in reversed(names)}
    if of_close:
        by_fold = {fold: name for fold, name in by_fold.items() if not _PREVIOUS.search(fold)}
        by_fold = {fold: name for fold, name in by_fold.items() if not _NO_CLOSE.search(fold)} or by_fold
    words = [name for name in names if folded(name) in by_fold and wanted in re.split(r"[\W_]+", folded(_apart(name)))]
    if not words and of_close and wanted == "close":
        words = [names[at] for at in like_close(names) if folded(names[at]) in by_fold]
    return (words or [by_fold[fold] for fold in get_close_matches(wanted, by_fold, n=1)])[:3]


def _apart(name: str) -> str:
    """Return a name in camel case with its words apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


_PREVIOUS = re.compile(
    r"(?:^|[\W_])(?:prev(?:ious)?|prior|pre|last[\W_]*day|yesterday'?s?|y(?:est)?)[\W_]*(?:adj[\W_]*)?(?:close|settle)"
    r"|^(?:prev|pre|previous|prior|yest?)(?:close|settle)|(?:close|settle)[\W_]*(?:prev|previous|prior|yesterday|lag)"
    r"|前收|昨收|前日終値|前日比|전일|vortag|cierre anterior|clôture préc|precedente"
)


def _of_other_text(text: bytes, config: Config) -> Hint | None:
    """Say what an input is that is text, but no CSV."""
    kind = guess.kind_of(text)
    if kind == BINARY:
        return _NOT_TEXT
    if kind == guess.JSON:
        return _of_json(text.lstrip(), config)
    if kind == guess.CARRIAGE_RETURNS:
        return _by_command("its lines end in CR alone", "tr", "\\r", "\\n")
    if not kind:
        return None
    if kind == guess.HTML and re.search(rb"<table\b", text, re.IGNORECASE):
        return _by_command("this is HTML with a table, as of a file that only calls itself .xls", *_by_pandas("html"))
    spoken = re.search(rb"<(?:title|message)>\s*([^<]+?)\s*</", text, re.IGNORECASE)
    words = f": {shown_words(spoken[1].decode('utf-8', 'replace'))}" if spoken else ""
    return Hint(f"this is {kind}, as of an error or a login page{words}; look at it, and download the file again")


def _of_json(text: bytes, config: Config) -> Hint:
    import json

    name = config.column_name or "close"
    try:
        answer, _ = json.JSONDecoder().raw_decode(text.decode("utf-8", "replace"))
    except ValueError:  # cut off
        answer = _cut_table(text[:_MOST_JSON], name)
    path, table = _table_in(answer, name) or ("", [])
    if table and isinstance(table[0], dict):
        flags = ("--no-header", "--column", "1")
        return _by_command(
            "this is JSON", "jq", "-r", f"{f'{path} | ' * bool(path)}[{_at('', name)}] | @csv", FILE, flags=flags
        )
    if words := _words_in(answer):
        return Hint(f"this is JSON that a server sent instead of candles: {words}")
    if table:  # as the APIs of exchanges send candles
        cells = [[str(cell) for cell in row] for row in table[:_MOST_JSON_ROWS] if isinstance(row, list)]
        command = ("jq", "-r", f"{path} | @csv", FILE)
        columns = list(dict.fromkeys(found.column for found in guess.find_close(cells)))
        ways = [Way(("--no-header", "--column", str(column)), (command,)) for column in columns]
        how = f"jq -r '{path} | @csv' makes it CSV, to be read with --no-header --column and its number"
        return Hint("this is JSON", tuple(ways), either=len(ways) > 1) if ways else Hint(f"this is JSON: {how}")
    return Hint("this is JSON: turn it into CSV, with `jq -r ... | @csv` for example")


def _cut_table(text: bytes, name: str) -> list[Any]:
    """Return the rows of JSON of which only the beginning is there; one that says nothing if none is whole."""
    if re.match(rb"\[\s*\{", text) and re.search(rb'"%b"\s*:' % re.escape(name.encode()), text):
        return [{name: None}]
    rows = (re.findall(rb"\[([^][]*)\]", text) or [b","]) if re.match(rb"\[\s*\[", text) else []
    return [[cell.strip('" \r\n\t') for cell in row.decode("utf-8", "replace").split(",")] for row in rows]


def _table_in(answer: object, name: str, path: str = "") -> tuple[str, list[Any]] | None:
    """Return the rows in JSON, and how jq writes each of them: lists, or objects with the column `name`.

    >>> _table_in({"result": {"list": [[1, 2], [3, 4]]}}, "close"), _table_in([{"close": 1}], "close")
    (('.result.list[]', [[1, 2], [3, 4]]), ('.[]', [{'close': 1}]))
    """
    if isinstance(answer, dict) and not isinstance(answer.get(name, []), (list, dict)):
        return path, [answer]
    if isinstance(answer, dict):
        tables = (_table_in(value, name, _at(path, key)) for key, value in answer.items())
        return next(filter(None, tables), None)
    if isinstance(answer, list) and answer:
        is_row = isinstance(answer[0], list) and len(answer[0]) > 1 and not isinstance(answer[0][0], (list, dict))
        if is_row or (isinstance(answer[0], dict) and not isinstance(answer[0].get(name, []), (list, dict))):
            return f"{path or '.'}[]", answer
    return None


def _at(path: str, key: str) -> str:
    """Return where jq finds a key of the object at a path."""
    import json

    return f"{path}.{key}" if re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII) else f"{path or '.'}[{json.dumps(key)}]"


def _words_in(answer: object) -> str | None:
    """Return what an object of JSON says in words, as of a limit or an error; None if it is no such object."""
    words: list[str] = []
    values = list(answer.values()) if isinstance(answer, dict) else []
    while values:
        value = values.pop(0)
        if isinstance(value, dict):
            values[:0] = value.values()
        elif isinstance(value, list) and all(isinstance(part, str) for part in value):
            values[:0] = value
        elif isinstance(value, list):
            return None  # it may have rows
        elif isinstance(value, str):
            words.append(value)
    spoken = [text for text in words if " " in text]
    return shown_words("; ".join(spoken)) if spoken else None


def shown_words(text: str) -> str:
    """Quote what a server says: longer than a cell, and still one line."""
    return repr(text if len(text) <= _MOST_WORDS else f"{text[:_MOST_WORDS]}...")


def _of_data(lines: Lines, config: Config) -> Hint | None:
    """Say that the rows begin without a header, if they do."""
    rows = guess.rows_in(lines, config)
    if not rows:
        return None
    number, line = lines[-len(rows)]
    skipped = number - 1 if len(rows) < len(lines) else 0
    return _of_rows(rows, f"line {number} looks like data", line, config, skipped=skipped)


def _of_rows(
    rows: list[list[str]],
    words: str,
    line: bytes,
    config: Config,
    *,
    without: tuple[str, ...] = (),
    skipped: int = 0,
) -> Hint:
    """Say how rows without a header are read; `line` is the first of them, below `skipped` lines."""
    delimiter = guess.delimiter_of(line, config)
    rows = guess.alike(rows)
    guesses = guess.find_close(rows, delimiter)
    guesses = [found for found in guesses if found.column == config.column_number] or guesses  # somebody knows it
    if not guesses:
        return Hint(f"{words}: name the column of the close, --no-header --column N")
    columns = list(dict.fromkeys(found.column for found in guesses))  # the likeliest first
    has_comma = config.decimal == "." and any(re.fullmatch(r"[+-]?[0-9]+,[0-9]+", rows[0][at - 1]) for at in columns)
    before: tuple[tuple[str, ...], ...] = (("tail", "-n", f"+{skipped + 1}", FILE),) if skipped else ()
    order: tuple[str, ...] = ()
    if len(rows) > 2 and guess.direction(rows) < 0 and not config.newest_first:
        words += ", newest first"
        if before:  # a pipe has no end to be read from
            before += (reversing(0),)
        order = ("--no-newest-first",) if before else ("--newest-first",)
    decimal = ("--decimal", ",") if has_comma else ()
    ways = [Way(("--no-header", "--column", str(at), *decimal, *order), before, without) for at in columns]
    if len(ways) > 1:
        return Hint(
            f"{words}, and the close may be in column {' or '.join(map(str, columns))}", tuple(ways), either=True
        )
    name = None if has_comma or config.format is not None else guess.known_format(rows, delimiter, guesses[0])
    if name:
        from stream_signal.core.formats import FORMATS

        if FORMATS[name].newest_first and not order and guess.direction(rows) >= 0:
            order = ("--no-newest-first",)
        replaced = ("column", "header", "delimiter", "time_column")
        ways.insert(0, Way(("--format", name, *order), before, replaced))
    return Hint(words, tuple(ways))


def _of_one_column(number: int, name: str, lines: Lines, config: Config) -> Hint:
    """Say what a line without a delimiter is."""
    if any(mark in name for mark in DELIMITERS) and all(
        re.fullmatch(rb'"[^"]*(?:""[^"]*)*"', line) for _, line in lines
    ):
        unquoting = 's/^"//; s/"[[:space:]]*$//; s/""/"/g'
        return _by_command("each line is one quoted field", "sed", unquoting, FILE)
    words = name.split()
    if len(words) > 1 and (matches(tuple(words), _wanted(config)) or guess.is_data(words)):
        return _by_command(f"line {number} has spaces between its columns", "tr", "-s", " ", ",")
    if len(lines) > 5:
        return Hint("at most 5 lines above the header are skipped: begin at its line, as with `tail -n +N`")
    if name.startswith("version https://git-lfs"):
        return Hint("this is a pointer of Git LFS in place of the file", (Way(first=("git", "lfs", "pull")),))
    if len(lines) == 1 and not any(mark in name for mark in DELIMITERS):
        return Hint(
            f"its one line, {shown(name)}, may be what a server says instead of candles: download the file again"
        )
    if config.delimiter is not None:
        return Hint(f"line {number} has no {DELIMITERS[config.delimiter]}: leave out --delimiter, or name another")
    names = "names with comma, semicolon, tab or bar between them"
    return Hint(f"line {number} has one column, {shown(name)}: expected {names}")


def _of_fields(cells: list[str], header: Layout) -> str | None:
    """Say why a row has another number of fields than it should."""
    width = header.width
    surplus = len(cells) - width
    if surplus == width - 1 and width > 2:
        return "two rows seem to be joined, as by `cat` after a last line without a newline: give the files as paths"
    if surplus == 1 and not cells[-1]:
        return "the row ends with a delimiter that the header does not have: remove it, or add it to the header"
    if surplus > 0 and header.delimiter == ",":
        pairs = list(pairwise(cells))
        groups = [f"{a},{b}" for a, b in pairs if re.fullmatch(r"[+-]?[1-9][0-9]{0,2}", a) and _GROUP(b)]
        if groups:
            how = "put it in quotes and give --thousands , or write it without one"
            return f"{groups[0]} looks like one number with a thousands separator: {how}"
        decimals = [
            f"{a},{b}" for a, b in pairs if re.fullmatch(r"[+-]?[0-9]+", a) and b.isdigit() and not guess.TIME(a)
        ]
        if decimals and (surplus > 1 or width == 2) and not any("." in cell for cell in cells):
            how = "put it in quotes, or use another delimiter, and give --decimal ,"
            return f"{decimals[0]} looks like one number with a decimal comma: {how}"
    return None


_GROUP = re.compile(r"[0-9]{3}(?:\.[0-9]*)?").fullmatch


def _of_close(cell: str, config: Config) -> Hint | None:
    """Say how a close is written that is no number as configured."""
    text = cell.strip(" ")
    for negative, plain in (("parentheses", text[1:-1]), ("trailing", text[:-1])):
        if negative != config.negative and _reads(text, Marks(config.decimal, config.thousands, negative)):
            return _by_flags(f"{shown(text)} is how accountants write -{plain}", "--negative", negative)
    ways = (
        (",", None, "a decimal comma"),
        (".", ",", "a thousands separator"),
        (",", ".", "a decimal comma and a thousands separator" if "," in text else "points between groups of digits"),
        (".", " ", "spaces between groups of digits"),
        (",", " ", "a decimal comma and spaces between groups of digits"),
        (".", None, "a decimal point"),
    )
    spaced = re.sub("[\u00a0\u2009\u202f]", " ", text)
    reads = [
        (kind, _flags_of_marks(decimal, thousands, config))
        for decimal, thousands, kind in ways
        if (decimal, thousands) != (config.decimal, config.thousands)
        and (re.search(rf"\d{re.escape(thousands)}\d", spaced) if thousands else decimal in spaced)
        and (decimal in text or decimal == config.decimal or thousands is None)
        and _reads(text, Marks(decimal, thousands, config.negative))
    ]
    if reads:
        return _one_of(f"{shown(text)} has {' or '.join(kind for kind, _ in reads)}", [flags for _, flags in reads])
    bare = text.lstrip("$€£¥₿+-").rstrip("$€£¥₿% ")
    if bare != text.lstrip("+-") and guess.NUMBER(bare):
        return Hint(f"{shown(text)} has a sign that is no part of a number: remove it from the file")
    if re.fullmatch(r"[0-9]+(?:['_][0-9]{3})+(?:\.[0-9]+)?", text):
        mark = re.sub(r"[0-9.]", "", text)[0]
        return _by_command(f"{shown(text)} has the thousands separator {shown(mark)}", "tr", "-d", mark)
    return None


def _of_time(cells: Sequence[str], position: int) -> Hint | None:
    """Say that the column is that of a timestamp, and which one may have the close."""
    if not guess.TIME(cells[position].strip()):
        return None
    guesses = guess.find_close([cells])
    words = f"{shown(cells[position])} looks like a timestamp, so the close is in another column"
    return _by_flags(words, "--column", str(guesses[0].column)) if len(guesses) == 1 else Hint(words)


def _flags_of_marks(decimal: str, thousands: str | None, config: Config) -> tuple[str, ...]:
    """Return the flags that change the marks of the config into these."""
    flags = ("--decimal", decimal) if decimal != config.decimal else ()
    name = SETTINGS["thousands"].kind.text(thousands)
    return (*flags, "--thousands", name) if thousands != config.thousands else flags


def _reads(text: str, marks: Marks) -> bool:
    try:
        return marks.parse(text.encode("utf-8", "replace")) is not None
    except ValueError:
        return False


def _wanted(config: Config) -> str | int:
    return config.column_name if config.column_name is not None else config.column_number or 1


def _listed(names: Sequence[str]) -> str:
    some = [shown(name) for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        return f"{', '.join(some)} and {len(names) - _MOST_NAMES} more"
    return " and ".join([", ".join(some[:-1]), some[-1]]) if len(some) > 1 else some[0]


def _of_tar(_: Config, member: str) -> Hint:
    """Say how the first member of a tar archive is read; `member` is its name, of a folder if a slash ends it."""
    if not member.strip("./").removeprefix("@PaxHeader"):
        return _by_command("its members with the names of CSV files", "tar", "-xOf", "-", "--wildcards", "*.csv")
    how = "tar -tf FILE lists its members, and tar -xOf FILE MEMBER prints one"
    if member.endswith("/") or not member.isprintable() or not member.lower().endswith(TABLES):
        return Hint(f"its first member is {shown(member)}: {how}")
    return _by_command(f"its first member is {shown(member)}", "tar", "-xOf", "-", member)


def _by_pandas(kind: str, part: str = "[0]") -> tuple[str, ...]:
    """Return the command that prints a table of a file of this kind as CSV."""
    script = f"import pandas, sys; pandas.read_{kind}(sys.argv[1]){part}.to_csv(sys.argv[2], index=False)"
    return "python3", "-c", script, FILE, "/dev/stdout"


_OF_HDF5 = "import pandas, sys; pandas.read_hdf(sys.argv[1]).to_csv(sys.argv[2])"
TABLES = (".csv", ".txt", ".tsv")


def _iconv(encoding: str, words: str = "") -> Hint:
    return _by_command(words, "iconv", "-f", encoding, "-t", "utf-8", FILE)


OF_WORKBOOK = _by_command(
    "save the sheet as CSV in Excel, or print the first one with pandas", *_by_pandas("excel", "")
)
# By the kinds of `core.foreign`: how each becomes CSV.
_FOREIGN = {
    "a gzip file": _by_command("", "gzip", "-dc", FILE),
    "a Zstandard file": _by_command("", "zstd", "-dc", FILE),
    "a zip file": _by_command("", "unzip", "-p", FILE),
    "a bzip2 file": _by_command("", "bzip2", "-dc", FILE),
    "an xz file": _by_command("", "xz", "-dc", FILE),
    "an lz4 file": _by_command("", "lz4", "-dc", FILE),
    "a 7z file": _by_command("", "7z", "x", "-so", FILE),
    "a Databento file": _by_command("", "dbn", FILE, "--csv"),
    "a Parquet file": _BY_PATH,
    "an Arrow file": _BY_PATH,
    "an HDF5 file": _by_command("", "python3", "-c", _OF_HDF5, FILE, "/dev/stdout"),
    "a RAR file": _by_command("", "unrar", "p", "-inul", FILE),
    "an SQLite database": Hint(
        "sqlite3 FILE .tables lists its tables, and sqlite3 -header -csv FILE 'SELECT * FROM TABLE' prints one"
    ),
    **dict.fromkeys(("a PNG picture", "a GIF picture", "a JPEG picture", "a PDF file", "a program"), _NO_TEXT),
    "an Excel file": OF_WORKBOOK,
    "an Excel workbook": OF_WORKBOOK,
    "UTF-32 text": _iconv("utf-32"),
    "UTF-16 text": _iconv("utf-16"),
    "UTF-16, little end first": _iconv("utf-16le", "it may be UTF-16"),
    "UTF-16, big end first": _iconv("utf-16be", "it may be UTF-16"),
    BINARY: _NOT_TEXT,
}
# By the kind of the clue.
HINTS: dict[str, Callable[..., Hint]] = {
    "no_header": _of_no_header,
    "first_line": _of_first_line,
    "bad_row": _of_bad_row,
    "stray_quote": lambda _: _STRAY_QUOTE,
    "open_quote": lambda _: _OPEN_QUOTE,
    "long_line": _of_long_line,
    "no_rows": _of_no_rows,
    "many_bad_rows": _of_many_bad_rows,
    "no_full_window": lambda _: _NO_FULL_WINDOW,
    "no_such_column": _of_no_such_column,
    "two_columns": _of_two_columns,
    "two_delimiters": _of_two_delimiters,
    "number_for_header": _of_number_for_header,
    "symbols": _of_symbols,
    "many_keys": _of_many_keys,
    "key_again": lambda _: _GROUPED,
    "tar": _of_tar,
    "foreign": lambda _, kind: _FOREIGN[kind],
}
