"""What to type next: the hint of an error, from the lines that it is about.

A hint is a guess, for a person to judge: it never decides how anything is read. So it may look at what the readers must
not, such as the order of the prices in a row. Pure functions, which run once, when an error ends the job.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.advice import FILE, Advice, Way
from stream_signal.core.config import DELIMITERS, SETTINGS
from stream_signal.core.errors import shown
from stream_signal.core.foreign import NOT_TEXT
from stream_signal.core.header import SYMBOL_NAMES, Header, folded, matches
from stream_signal.core.marks import Marks
from stream_signal.core.printable import typed
from stream_signal.core.quotes import FieldError, split_line
from stream_signal.core.ticks import MISSING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.config import Config

    Lines = Sequence[tuple[int, bytes]]  # the first lines of an input that are not blank, with their numbers

# The columns that a hint lists; a file of ticks or of book levels may have hundreds.
_MOST_NAMES = 12
# Other names of a close, in the order in which they are proposed. "Kurs" and the like are the exports of investing.com.
_NAMES_OF_CLOSE = (
    *("close_price", "closeprice", "price_close", "c", "last", "px_last", "price", "settle", "settlement"),
    *("trade_price", "mid", "rate", "value", "vwap", "schluss", "schlusskurs", "zuletzt", "kurs", "cierre", "dernier"),
    *("clôture", "cloture", "chiusura", "ultimo", "último", "fechamento"),
)
_NO_CLOSE = re.compile(r"(?:^|[\W_])(?:ts|dt)(?:$|[\W_])|(?:time|date|stamp)(?:$|[\W_])")
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]+(?:[.,][0-9]+)*|[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
).fullmatch
_WORD = re.compile(r"[^\W\d_]").search
_TIME = re.compile(
    r"[0-9]{9,19}(?:\.[0-9]+)?|(?:19|20)[0-9]{6}(?:[ T]?[0-9]{2,6})?"  # an epoch in s to ns, 20240310 170000
    r"|(?:19|20)[0-9]{2}[-./][0-9]{1,2}[-./][0-9]{1,2}(?:[ T].*)?"
    r"|[0-9]{1,2}[-./][0-9]{1,2}[-./](?:(?:19|20)?[0-9]{2})(?:[ T].*)?|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?"
).fullmatch
_LEAST_PAIRS = 5  # of rows that follow each other, before they tell an open from a close
# The prices of a row by their order, from that of the first one on: open, high, low, close.
_ORDERS = {"OHLC": (0, 1, 2, 3), "OCHL": (0, 2, 3, 1), "LHOC": (2, 1, 0, 3)}
# The formats without a header whose prices come in another order than OHLC.
_ORDER_OF = {"bitfinex": "OCHL", "coinbase": "LHOC"}
_MOST_JSON = 65_536  # of it are looked at
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|head|body|script|\?xml|!--|rss|error)\b", re.IGNORECASE)


class Guess(NamedTuple):
    """Where a row seems to have its close: the number of its column, from 1, and the order of the prices."""

    column: int
    order: str | None


def of_no_column(lines: Lines, config: Config) -> str | None:
    """Say what the first lines of an input are, if none of them is a header with the column.

    >>> from stream_signal.core.config import Config
    >>> of_no_column([(1, b"time,Price"), (2, b"1,2")], Config())
    "line 1 has the columns 'time' and 'Price': try --column Price"
    >>> of_no_column([(1, b"1700000000,1.0,3.0,0.5,2.0,9")], Config())
    'line 1 looks like data: try --no-header --column 5'
    """
    if text := _of_other_text(b"\n".join(line for _, line in lines), config) or _of_data(lines, config):
        return text
    for number, line in lines:  # another delimiter than the configured one gives the column
        for mark, name in DELIMITERS.items():
            if config.delimiter not in {None, mark} and matches(tuple(_cells(line, mark)), _wanted(config)):
                return Advice.of(f"line {number} has the column, with another delimiter", Way(f"--delimiter {name}"))
    number, line = max(lines, key=lambda line: len(_cells_of(line[1], config)))
    names = tuple(_cells_of(line, config))
    near = nearest(names, config.column_name)
    if len(names) == 1 and not (near and " " not in names[0]):
        return _of_one_column(number, names[0], lines, config)
    found = f"line {number} has the {'columns' if len(names) > 1 else 'column'} {_listed(names)}"
    return _one_of(found, list(map(_flag, near))) if near else f"{found}: name one with --column"


def of_head(line: bytes, number: int, config: Config) -> str:
    """Say what a first line is that cannot be read as the settings say.

    >>> from stream_signal.core.config import Config
    >>> of_head(b"time,close", 1, Config(header=False, column=3))
    'line 1 looks like a header: try --header true --column close'
    """
    if text := _of_other_text(line, config):
        return text
    cells = _cells_of(line, config)
    if _is_header(cells):
        return _of_header(f"line {number}", cells, config)
    if not _is_data(cells) or not guess_close([cells]):
        return f"line {number} has {len(cells)} field{'s' * (len(cells) != 1)}: give the number of the close, --column"
    if config.format:
        words = f"it has another layout than --format {config.format}"
        return _of_rows([cells], words, line, config._replace(format=None), without=("format",))
    return _of_rows([cells], f"line {number} looks like data", line, config)


def _of_header(where: str, names: Sequence[str], config: Config) -> str:
    near = nearest(tuple(names), config.column_name or "close")
    flags = f"--header true{' ' + _flag(near[0]) if len(near) == 1 else ''}"
    return Advice.of(f"{where} looks like a header", Way(flags, without=("format",)))


def of_row(row: bytes | Sequence[str], header: Header, config: Config, *, torn: bool, first: bool) -> str:
    """Say why a line, or the fields of a quoted one, is no row: torn, a header, two rows, or with other marks.

    `torn` says that no newline ends it, `first` that the rows begin with it.

    >>> from stream_signal.core.config import Config
    >>> of_row(b"17;42004,66", Header(b"", (), ";", 1, 2), Config(), torn=False, first=False)
    "'42004,66' has a decimal comma: try --decimal ,"
    """
    if isinstance(row, bytes):
        cells = _cells(row.removesuffix(b"\r"), header.delimiter)
    else:
        cells = [field.encode("latin-1").decode("utf-8", "replace").strip() for field in row]
    surplus = len(cells) - header.width
    if torn and (surplus < 0 or (not surplus and header.position == header.width - 1)):
        return "the last line is torn: no newline ends it; get the whole file, or read it with --follow as it grows"
    is_header = _is_header(cells)
    if is_header and not header.names and (first or config.newest_first):  # from the end, the header comes last
        return _of_header("line 1" if first else "the line", cells, config)
    if is_header and len(cells) > 1:
        return "the line looks like another header: files with other columns have to be read on their own"
    if surplus:
        return _of_fields(cells, header) or _LENIENT
    return _of_close(cells[header.position], config) or _of_time(cells, header.position) or _LENIENT


def of_long_line(start: bytes, config: Config) -> str:
    """Say what a line is that has no end, from how it begins."""
    return _of_other_text(start, config) or "the line has no end, or the file is no CSV: look at it with `head -c 200`"


_STOP_AT_FIRST = "--bad-rows error stops at the first of them and says what to try"


def of_bad_rows(bad: int, rows: int) -> str:
    """Say what to do about too many bad rows.

    >>> of_bad_rows(2, 3)
    '--bad-rows error stops at the first of them and says what to try; if so many may be bad: --max-bad 0.67'
    """
    share = -(-100 * bad // rows) / 100  # rounded up
    return f"{_STOP_AT_FIRST}; if so many may be bad: --max-bad {share:g}"


def of_no_window() -> str:
    """Say what to do about bad rows in every window."""
    return f"{_STOP_AT_FIRST}; a shorter --window needs fewer rows without one of them"


def of_no_rows(header: Header | None) -> str | None:
    """Say what an input without a row may be."""
    if header is None:
        return "a command before the pipe may have failed, or the file is not written yet: --follow waits for its rows"
    return _CARRIAGE_RETURNS if b"\r" in header.line else "the file may not be written yet: --follow waits for its rows"


def of_time_column(names: Sequence[str], column: str | int) -> str:
    """Say which column may be the timestamp, if the one that was asked for is not there."""
    return _of_column("timestamp column", "--time-column", names, column, [])


def of_key_column(names: Sequence[str], column: str | int) -> str:
    """Say which column may have the keys, if the one that was asked for is not there."""
    known = [name for name in names if folded(name) in SYMBOL_NAMES]
    return _of_column("column of the keys", "--key", names, column, known)


def _of_column(what: str, flag: str, names: Sequence[str], column: str | int, known: list[str]) -> str:
    if not names:
        return f"the {what} ({flag}) has to be a number, since there is no header"
    near = known or nearest(tuple(names), column if isinstance(column, str) else None, of_close=False)
    words = f"that is the {what} ({flag}); the columns are {_listed(names)}"
    return _one_of(words, [_flag(name, flag) for name in near])


def _one_of(words: str, flags: list[str]) -> str:
    """Propose the flags if they are the only ones; otherwise only a person can tell which are right."""
    if len(flags) == 1:
        return Advice.of(words, Way(flags[0]))
    return f"{words}: either {' or '.join(flags)}" if flags else words


def guess_close(rows: Sequence[Sequence[str]], delimiter: str = ",") -> list[Guess]:
    """Guess the column of the close from some rows: of four prices, none is above the high or below the low.

    Returns each order that fits the rows; only one that is alone may be proposed.

    >>> guess_close([["1700000000", "2", "4", "1", "3", "9"]])
    [Guess(column=5, order='OHLC')]
    >>> {guess.column for guess in guess_close([["1700000000", "2", "2", "2", "2", "9"]])}
    {3, 5}
    >>> guess_close([["1700000000", "42"]])
    [Guess(column=2, order=None)]
    """
    width = len(rows[0])
    rows = [row for row in rows if len(row) == width]
    prices = [[None if _TIME(cell) else _value(cell) for cell in row] for row in rows]
    for start in range(width - 3):
        found = [
            Guess(start + places[3] + 1, order)
            for order, places in _ORDERS.items()
            if _fits([[row[start + place] for place in places] for row in prices])
        ]
        if found and len({guess.column for guess in found}) == 1 < len(found):
            return [Guess(found[0].column, None)]
        if found:
            return _without_mirrored(found, start, rows, prices, delimiter)
    numbers = [at for at in range(width) if all(row[at] is not None for row in prices)]
    return [Guess(numbers[0] + 1, None)] if len(numbers) == 1 else []


def _fits(candles: list[list[float | None]]) -> bool:
    """Whether rows may be candles of an order: all that tell, but for one in a hundred, as exchanges make mistakes."""
    if not any(_is_candle(candle) for candle in candles):
        return False
    telling = [candle for candle in candles if len(set(candle)) > 1 and None not in candle]
    return sum(map(_is_candle, telling)) >= 0.99 * len(telling)


def _without_mirrored(
    found: list[Guess], start: int, rows: list[Sequence[str]], prices: list[list[float | None]], delimiter: str
) -> list[Guess]:
    """Add the orders that no single row can tell from those found, open and close exchanged, unless the rows can.

    A candle opens near the close of the one before. Known layouts are what they are; and a file without a header that
    begins with the close has been seen with the volume before it.
    """
    if len(found) == 1 and not _known(rows, delimiter, found[0]):
        order, volume = found[0].order, start and all(row[start - 1] is not None for row in prices)
        if order == "OCHL" or (order == "OHLC" and volume):
            places = _ORDERS[order or ""]
            mirrored = Guess(start + places[0] + 1, f"{order} from its close")
            kept = _nearer(prices, found[0].column - 1, mirrored.column - 1, _direction(rows))
            return [found[0], mirrored] if kept is None else [found[0] if kept else mirrored]
    return found


def _nearer(prices: list[list[float | None]], close: int, opened: int, direction: int) -> bool | None:
    """Whether rows open nearer to the close before as they are than with both exchanged; None if that is unclear."""
    pairs = [(a, b) if direction > 0 else (b, a) for a, b in pairwise(prices)]
    gaps = [
        sum(abs((later[one] or 0) - (earlier[other] or 0)) for earlier, later in pairs)
        for one, other in ((opened, close), (close, opened))
    ]
    if not direction or len(pairs) < _LEAST_PAIRS or gaps[0] == gaps[1]:
        return None
    return gaps[0] < gaps[1] if 2 * min(gaps) < max(gaps) else None


def _direction(rows: Sequence[Sequence[str]]) -> int:
    """Return 1 if the times of rows rise, -1 if they fall, 0 if that is unknown."""
    for column in zip(*rows, strict=True):
        if all(_TIME(cell) and re.match("[0-9]{4}", cell) for cell in column):
            steps = {(a < b) - (a > b) for a, b in pairwise(column)} - {0} if len({*map(len, column)}) == 1 else set()
            return steps.pop() if len(steps) == 1 else 0
    return 0


def _known(rows: Sequence[Sequence[str]], delimiter: str, guess: Guess) -> str | None:
    """Return the name of the known layout (`--format`) that rows without a header have, or None.

    >>> _known([["20240310 170000", "2", "4", "1", "3", "9"]], ";", Guess(5, "OHLC"))
    'histdata'
    """
    from stream_signal.core.formats import FORMATS

    for name, layout in FORMATS.items():
        number = layout.column[1] if isinstance(layout.column, tuple) else layout.column
        if (
            layout.fields == len(rows[0])
            and layout.delimiter == delimiter
            and (number, _ORDER_OF.get(name, "OHLC")) == guess
            and not layout.wrong_time(rows[0])
        ):
            return name
    return None


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
    words = [name for name in names if folded(name) in by_fold and wanted in re.split(r"[\W_]+", folded(name))]
    if not words and of_close and wanted == "close":
        words = [by_fold[other] for other in _NAMES_OF_CLOSE if other in by_fold][:1]
    return (words or [by_fold[fold] for fold in get_close_matches(wanted, by_fold, n=1)])[:3]


_MAY_COUNT = "if such rows may count without a close"
_LENIENT = Advice(f"{_MAY_COUNT}: --bad-rows missing", _MAY_COUNT, (Way("--bad-rows missing"),), needs_few_bad=True)


_PREVIOUS = re.compile(
    r"(?:^|[\W_])(?:prev(?:ious)?|prior|pre|last[\W_]*day|yesterday'?s?|y(?:est)?)[\W_]*(?:adj[\W_]*)?(?:close|settle)"
    r"|^(?:prev|pre|previous|prior|yest?)(?:close|settle)|(?:close|settle)[\W_]*(?:prev|previous|prior|yesterday|lag)"
    r"|前收|昨收|前日終値|前日比|전일|vortag|cierre anterior|clôture préc|precedente"
)


def _of_other_text(line: bytes, config: Config) -> str | None:
    """Say what a file is that is text, but no CSV."""
    text = line.lstrip()
    if _CONTROLS.search(line):
        return NOT_TEXT
    if text[:1] in {b"{", b"["}:
        return _of_json(text, config)
    if _MARKUP.match(line):
        kind = "XML" if b"<?xml" in line[:20].lower() else "HTML"
        return f"this is {kind}, as of an error or a login page: look at it, and download the file again"
    return _CARRIAGE_RETURNS if b"\r" in line.rstrip(b"\r") else None


def _of_json(text: bytes, config: Config) -> str:
    name = config.column_name or "close"
    rows = re.findall(rb"\[([^][]*)\]", text[:_MOST_JSON]) if re.match(rb"\[\s*\[", text) else []
    if rows:  # as the APIs of exchanges send candles
        cells = [[cell.strip('" \r\n\t') for cell in row.decode("utf-8", "replace").split(",")] for row in rows]
        guesses = guess_close(cells)
        if len(guesses) != 1:
            return "this is JSON: jq -r '.[] | @csv' makes it CSV, to be read with --no-header --column and its number"
        return _piped("this is JSON", f"jq -r '.[] | @csv' {FILE}", f"--no-header --column {guesses[0].column}")
    if re.search(rb'"%b"\s*:' % re.escape(name.encode()), text) and re.fullmatch(r"\w+", name, re.ASCII):
        each = "" if text.startswith(b"{") else ".[] | "
        return _piped("this is JSON", f"jq -r '{each}[.{name}] | @csv' {FILE}", "--no-header --column 1")
    return "this is JSON: turn it into CSV, with `jq -r ... | @csv` for example"


def _piped(words: str, command: str, flags: str = "") -> Advice:
    return Advice.of(words, Way(flags, command))


_CARRIAGE_RETURNS = _piped("its lines end in CR alone", f"tr '\\r' '\\n' < {FILE}")


def are_ambiguous(lines: Lines, config: Config) -> bool:
    """Whether the first lines of an input are rows without a header, and more of them may tell their close."""
    rows = _data_in(lines, config)
    if not rows or _of_other_text(lines[0][1], config):
        return False
    return len(guess_close(_alike(rows), _delimiter(lines[-len(rows)][1], config))) > 1


def _data_in(lines: Lines, config: Config) -> list[list[str]]:
    """Return the cells of the lines from the first row on; none if there is no row, or a header above it."""
    rows = [_cells_of(line, config) for _, line in lines]
    first = next((at for at, row in enumerate(rows) if _is_data(row)), len(rows))
    if 0 < first < len(rows) and len(rows[first - 1]) == len(rows[first]) and _is_header(rows[first - 1]):
        return []  # it has another column
    return rows[first:]


def _of_data(lines: Lines, config: Config) -> str | None:
    """Say that the rows begin without a header, if they do."""
    rows = _data_in(lines, config)
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
) -> str:
    """Say how rows without a header are read; `line` is the first of them, below `skipped` lines."""
    delimiter = _delimiter(line, config)
    rows = _alike(rows)
    guesses = guess_close(rows, delimiter)
    guesses = [guess for guess in guesses if guess.column == config.column_number] or guesses  # somebody knows it
    if len(guesses) > 1:
        columns = " or ".join(map(str, sorted({guess.column for guess in guesses})))
        return f"{words}, and the close may be in column {columns}: look at it, and name it with --no-header --column"
    if not guesses:
        return f"{words}: try --no-header --column N, the number of the close"
    [guess] = guesses
    has_comma = bool(re.fullmatch(r"[+-]?[0-9]+,[0-9]+", rows[0][guess.column - 1])) and config.decimal == "."
    name = None if has_comma or config.format is not None else _known(rows, delimiter, guess)
    command = f"tail -n +{skipped + 1} {FILE}" if skipped else ""
    flags = f"--no-header --column {guess.column}" + " --decimal ," * has_comma
    order = ""
    if len(rows) > 2 and _direction(rows) < 0 and not config.newest_first:
        words += ", newest first"
        if command:  # a pipe has no end to be read from; awk ends the last line, which tac would join with another
            command += " | awk 1 | tac"
        order = " --no-newest-first" if command else " --newest-first"
    flags += order
    ways = [Way(flags, command, without)]
    if name:
        ways.insert(0, Way(f"--format {name}{order}", command, ("column", "header", "delimiter", "time_column")))
    text = f"--format {name}{order}, or {flags}" if name else flags
    return Advice(f"{words}: try {Way(text, command)}", words, tuple(ways))


def _alike(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows that look like the first one, which is data."""
    return [row for row in rows if len(row) == len(rows[0]) and _is_data(row)]


def _of_one_column(number: int, name: str, lines: Lines, config: Config) -> str:
    """Say what a line without a delimiter is."""
    words = name.split()
    if len(words) > 1 and (matches(tuple(words), _wanted(config)) or _is_data(words)):
        return _piped(f"line {number} has spaces between its columns", f"tr -s ' ' ',' < {FILE}")
    if len(lines) > 5:
        skip = Way(command=f"tail -n +N {FILE}")
        return f"at most 5 lines above the header are skipped: begin at its line, the N-th: try {skip}"
    if config.delimiter is not None:
        return f"line {number} has no {DELIMITERS[config.delimiter]}: leave out --delimiter, or name another"
    return f"line {number} has one column, {shown(name)}: expected names with comma, semicolon, tab or bar between them"


def _of_fields(cells: list[str], header: Header) -> str | None:
    """Say why a row has another number of fields than it should."""
    surplus = len(cells) - header.width
    if surplus == header.width - 1 and header.width > 2:
        return "two rows seem to be joined, as by `cat` after a last line without a newline: give the files as paths"
    if surplus == 1 and not cells[-1]:
        return "the row ends with a delimiter that the header does not have: remove it, or add it to the header"
    if surplus > 0 and header.delimiter == ",":
        pairs = list(pairwise(cells))
        groups = [f"{a},{b}" for a, b in pairs if re.fullmatch(r"[+-]?[1-9][0-9]{0,2}", a) and _GROUP(b)]
        if groups:
            how = "put it in quotes and try --thousands , or write it without one"
            return f"{groups[0]} looks like one number with a thousands separator: {how}"
        decimals = [f"{a},{b}" for a, b in pairs if re.fullmatch(r"[+-]?[0-9]+", a) and b.isdigit() and not _TIME(a)]
        if decimals and (surplus > 1 or header.width == 2) and not any("." in cell for cell in cells):
            how = "put it in quotes, or use another delimiter, and try --decimal ,"
            return f"{decimals[0]} looks like one number with a decimal comma: {how}"
    return None


_GROUP = re.compile(r"[0-9]{3}(?:\.[0-9]*)?").fullmatch


def _of_close(cell: str, config: Config) -> str | None:
    """Say how a close is written that is no number as configured."""
    text = cell.strip(" ")
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
        and (thousands or decimal) in spaced
        and (decimal in text or decimal == config.decimal or thousands is None)
        and _reads(text, decimal, thousands)
    ]
    if reads:
        return _one_of(f"{shown(text)} has {' or '.join(kind for kind, _ in reads)}", [flags for _, flags in reads])
    bare = text.lstrip("$€£¥₿+-").rstrip("$€£¥₿% ")
    if bare != text.lstrip("+-") and _NUMBER(bare):
        return f"{shown(text)} has a sign that is no part of a number: remove it from the file"
    if re.fullmatch(r"[0-9]+(?:['_][0-9]{3})+(?:\.[0-9]+)?", text):
        mark = re.sub(r"[0-9.]", "", text)[0]
        return _piped(f"{shown(text)} has the thousands separator {shown(mark)}", f'tr -d "{mark}" < {FILE}')
    return None


def _of_time(cells: list[str], position: int) -> str | None:
    """Say that the column is that of a timestamp, and which one may have the close."""
    if not _TIME(cells[position].strip()):
        return None
    guesses = guess_close([cells])
    words = f"{shown(cells[position])} looks like a timestamp, so the close is in another column"
    return Advice.of(words, Way(f"--column {guesses[0].column}")) if len(guesses) == 1 else words


def _flags_of_marks(decimal: str, thousands: str | None, config: Config) -> str:
    """Return the flags that change the marks of the config into these."""
    flags = [f"--decimal {decimal}"] * (decimal != config.decimal)
    flags += [f"--thousands {SETTINGS['thousands'].kind.text(thousands)}"] * (thousands != config.thousands)
    return " ".join(flags)


def _reads(text: str, decimal: str, thousands: str | None) -> bool:
    try:
        return Marks(decimal, thousands).parse(text.encode("utf-8", "replace")) is not None
    except ValueError:
        return False


def _wanted(config: Config) -> str | int:
    return config.column_name if config.column_name is not None else config.column_number or 1


def _delimiter(line: bytes, config: Config) -> str:
    """Return the delimiter that a line seems to have: a comma may be within its numbers, the others are not."""
    return config.delimiter or next((mark for mark in (";", "\t", "|") if mark.encode() in line), ",")


def _cells_of(line: bytes, config: Config) -> list[str]:
    return _cells(line, _delimiter(line, config))


def _cells(line: bytes, delimiter: str) -> list[str]:
    try:
        fields = split_line(line, delimiter)
    except FieldError:
        fields = line.split(delimiter.encode())
    return [field.decode("utf-8", "replace").strip() for field in fields]


def _is_data(cells: Sequence[str]) -> bool:
    """Whether more than half of the cells are numbers or times."""
    return 2 * sum(1 for cell in cells if _NUMBER(cell) or _TIME(cell)) > len(cells)


def _is_header(cells: Sequence[str]) -> bool:
    """Whether more than half of the cells are words, and none is a number or a time."""
    words = [cell for cell in cells if _WORD(cell) and cell.lower().encode() not in MISSING]
    return 2 * len(words) > len(cells) and not any(_NUMBER(cell) or _TIME(cell) for cell in cells)


def _value(cell: str) -> float | None:
    if not _NUMBER(cell):
        return None
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None


def _is_candle(prices: Sequence[float | None]) -> bool:
    opened, high, low, close = prices
    if opened is None or high is None or low is None or close is None:
        return False
    return low <= min(opened, close) and max(opened, close) <= high


def _flag(name: str, flag: str = "--column") -> str:
    return f"{flag} {typed(name)}"


def _listed(names: Sequence[str]) -> str:
    some = [shown(name) for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        return f"{', '.join(some)} and {len(names) - _MOST_NAMES} more"
    return " and ".join([", ".join(some[:-1]), some[-1]]) if len(some) > 1 else some[0]
