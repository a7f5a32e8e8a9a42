"""What to type next: the hint of an error, from the lines that it is about.

A hint is a guess, for a person to judge: it never decides how anything is read. So it may look at what the readers must
not, such as the order of the prices in a row. Pure functions, which run once, when an error ends the job.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.errors import shown
from stream_signal.core.foreign import FILE, INTO_THE_JOB
from stream_signal.core.header import NAMES, SYMBOL_NAMES, Header, folded, matches
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
# The prices of a row by their order, from that of the first one on: open, high, low, close. The first that fits is it.
_ORDERS = {"OHLC": (0, 1, 2, 3), "OCHL": (0, 2, 3, 1), "LHOC": (2, 1, 0, 3)}
# The formats without a header whose prices come in another order than OHLC.
_ORDER_OF = {"bitfinex": "OCHL", "coinbase": "LHOC"}
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
    if text := _of_other_text(b"\n".join(line for _, line in lines), config):
        return text
    found = _of_data(lines, config)
    if found:
        return found
    for number, line in lines:  # another delimiter than the configured one gives the column
        for mark, name in NAMES.items():
            if config.delimiter not in {None, mark} and matches(tuple(_cells(line, mark)), _wanted(config)):
                return f"line {number} has the column, with another delimiter: try --delimiter {name}"
    number, line = max(lines, key=lambda line: len(_cells_of(line[1], config)))
    names = tuple(_cells_of(line, config))
    near = nearest(names, config.column_name)
    if len(names) == 1 and not (near and " " not in names[0]):
        return _of_one_column(number, names[0], lines, config)
    found = f"line {number} has the {'columns' if len(names) > 1 else 'column'} {_listed(names)}"
    return f"{found}: try {' or '.join(map(_flag, near))}" if near else f"{found}: name one with --column"


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
        fields = f"{len(cells)} field{'s' * (len(cells) != 1)}"
        return f"line {number} has {fields}: give the number of the close, --column"
    if config.format:
        flags = _flags_of_data([cells], _delimiter(line, config), config._replace(format=None))
        return f"it has another layout: in place of --format {config.format}, try {flags}"
    return f"line {number} looks like data: try {_flags_of_data([cells], _delimiter(line, config), config)}"


def _of_header(where: str, names: Sequence[str], config: Config) -> str:
    near = nearest(tuple(names), config.column_name or "close")
    return f"{where} looks like a header: try --header true{' ' + _flag(near[0]) if near else ''}"


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
    if first and not header.names and _is_header(cells):
        return _of_header("line 1", cells, config)
    if config.newest_first and not header.names and _is_header(cells):  # the header of the file comes last
        return _of_header("the line", cells, config)
    if _is_header(cells) and len(cells) > 1:
        return "the line looks like another header: files with other columns have to be read on their own"
    if surplus:
        return _of_fields(cells, header) or _LENIENT
    return _of_close(cells[header.position], config) or _of_time(cells, header.position) or _LENIENT


def of_long_line(start: bytes, config: Config) -> str:
    """Say what a line is that has no end, from how it begins."""
    return _of_other_text(start, config) or "the line has no end, or the file is no CSV: look at it with `head -c 200`"


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


_STOP_AT_FIRST = "--bad-rows error stops at the first of them and says what to try"


def of_no_rows(header: Header | None) -> str | None:
    """Say what an input without a row may be."""
    if header is None:
        return "a command before the pipe may have failed, or the file is not written yet: --follow waits for its rows"
    if b"\r" in header.line:
        return _carriage_returns()
    return "the file may not be written yet: --follow waits for its rows"


def of_time_column(names: Sequence[str], column: str | int) -> str:
    """Say which column may be the timestamp, if the one that was asked for is not there."""
    if not names:
        return "the timestamp column (--time-column) has to be a number, since there is no header"
    near = nearest(tuple(names), column if isinstance(column, str) else None, of_close=False)
    flags = " or ".join(_flag(name, "--time-column") for name in near)
    return f"that is the timestamp column (--time-column); the columns are {_listed(tuple(names))}" + (
        f": try {flags}" if near else ""
    )


def of_key_column(names: Sequence[str], column: str | int) -> str:
    """Say which column may have the keys, if the one that was asked for is not there."""
    if not names:
        return "the column of the keys (--key) has to be a number, since there is no header"
    near = [name for name in names if folded(name) in SYMBOL_NAMES]
    near = near or nearest(tuple(names), column if isinstance(column, str) else None, of_close=False)
    flags = " or ".join(_flag(name, "--key") for name in near)
    return f"that is the column of the keys (--key); the columns are {_listed(tuple(names))}" + (
        f": try {flags}" if near else ""
    )


def guess_close(rows: Sequence[Sequence[str]]) -> Guess | None:
    """Guess the column of the close from some rows: of four prices, none is above the high or below the low.

    >>> guess_close([["1700000000", "2", "4", "1", "3", "9"]])
    Guess(column=5, order='OHLC')
    >>> guess_close([["1700000000", "42"]])
    Guess(column=2, order=None)
    """
    width = len(rows[0])
    prices = [[None if _TIME(cell) else _value(cell) for cell in row] for row in rows if len(row) == width]
    for start in range(width - 3):
        for order, places in _ORDERS.items():
            if all(_is_candle([row[start + place] for place in places]) for row in prices):
                return Guess(start + places[3] + 1, order)
    numbers = [at for at in range(width) if all(row[at] is not None for row in prices)]
    return Guess(numbers[0] + 1, None) if len(numbers) == 1 else None


def fitting_format(rows: Sequence[Sequence[str]], delimiter: str) -> str | None:
    """Return the name of the known layout (`--format`) that rows without a header have, or None.

    >>> fitting_format([["20240310 170000", "2", "4", "1", "3", "9"]], ";")
    'histdata'
    """
    from stream_signal.core.formats import FORMATS  # noqa: PLC0415 - only a failed job needs it

    guess = guess_close(rows)
    for name, layout in FORMATS.items():
        number = layout.column[1] if isinstance(layout.column, tuple) else layout.column
        if (
            guess is not None
            and layout.fields == len(rows[0])
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
    from difflib import get_close_matches  # noqa: PLC0415 - only a failed job needs it

    wanted, by_fold = folded(wanted), {folded(name): name for name in reversed(names)}
    if of_close:
        by_fold = {fold: name for fold, name in by_fold.items() if not _NO_CLOSE.search(fold)} or by_fold
    words = [name for name in names if folded(name) in by_fold and wanted in re.split(r"[\W_]+", folded(name))]
    if not words and of_close and wanted == "close":
        words = [by_fold[other] for other in _NAMES_OF_CLOSE if other in by_fold][:1]
    return (words or [by_fold[fold] for fold in get_close_matches(wanted, by_fold, n=1)])[:3]


_LENIENT = "if such rows may count without a close: --bad-rows missing"


def _of_other_text(line: bytes, config: Config) -> str | None:
    """Say what a file is that is text, but no CSV."""
    text = line.lstrip()
    if text[:1] in {b"{", b"["}:
        return _of_json(text, config)
    if _MARKUP.match(line):
        kind = "XML" if b"<?xml" in line[:20].lower() else "HTML"
        return f"this is {kind}, as of an error or a login page: look at it, and download the file again"
    if b"\r" in line.rstrip(b"\r"):
        return _carriage_returns()
    return None


def _of_json(text: bytes, config: Config) -> str:
    name = config.column_name or "close"
    into = f"{FILE}{INTO_THE_JOB} --no-header --column"
    if rows := re.match(rb"\[\s*\[([^]]*)\]", text):  # as the APIs of exchanges send candles
        guess = guess_close([[cell.strip('" \r\n\t') for cell in rows[1].decode("utf-8", "replace").split(",")]])
        return f"this is JSON: try jq -r '.[] | @csv' {into} {guess.column if guess else 'N'}"
    if re.search(rb'"%b"\s*:' % re.escape(name.encode()), text) and re.fullmatch(r"\w+", name, re.ASCII):
        each = "" if text.startswith(b"{") else ".[] | "
        return f"this is JSON: try jq -r '{each}[.{name}] | @csv' {into} 1"
    return "this is JSON: turn it into CSV, with `jq -r ... | @csv` for example"


def _carriage_returns() -> str:
    return f"its lines end in CR alone: try tr '\\r' '\\n' < {FILE}{INTO_THE_JOB}"


def _of_data(lines: Lines, config: Config) -> str | None:
    """Say that the rows begin without a header, if they do."""
    rows = [_cells_of(line, config) for _, line in lines]
    first = next((at for at, row in enumerate(rows) if _is_data(row)), None)
    if first is None:
        return None
    if first and len(rows[first - 1]) == len(rows[first]) and _is_header(rows[first - 1]):
        return None  # there is a header; it has another column
    number, line = lines[first]
    flags = _flags_of_data(rows[first:], _delimiter(line, config), config)
    if first:
        return f"line {number} looks like data: try tail -n +{number} {FILE}{INTO_THE_JOB} {flags}"
    return f"line {number} looks like data: try {flags}"


def _flags_of_data(rows: list[list[str]], delimiter: str, config: Config) -> str:
    """Return the flags that read rows without a header; the first of `rows` is one."""
    rows = [row for row in rows if len(row) == len(rows[0]) and _is_data(row)]
    guess = guess_close(rows)
    cell = rows[0][guess.column - 1] if guess else ""
    has_comma = bool(re.fullmatch(r"[+-]?[0-9]+,[0-9]+", cell)) and config.decimal == "."
    name = None if has_comma or config.format is not None else fitting_format(rows, delimiter)
    flags = f"--format {name}, or " if name else ""
    flags += f"--no-header --column {guess.column if guess else 'N, the number of the close'}"
    return flags + " --decimal ," * has_comma


def _of_one_column(number: int, name: str, lines: Lines, config: Config) -> str:
    """Say what a line without a delimiter is."""
    words = name.split()
    if len(words) > 1 and (matches(tuple(words), _wanted(config)) or _is_data(words)):
        return f"line {number} has spaces between its columns: try tr -s ' ' ',' < {FILE}{INTO_THE_JOB}"
    if len(lines) > 5:
        skip = f"tail -n +N {FILE}{INTO_THE_JOB}"
        return f"at most 5 lines above the header are skipped: begin at its line, the N-th: try {skip}"
    if config.delimiter is not None:
        return f"line {number} has no {NAMES[config.delimiter]}: leave out --delimiter, or name another"
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
            return (
                f"{groups[0]} looks like one number with a thousands separator: "
                "put it in quotes and try --thousands , or write it without one"
            )
        decimals = [f"{a},{b}" for a, b in pairs if re.fullmatch(r"[+-]?[0-9]+", a) and b.isdigit() and not _TIME(a)]
        if decimals and (surplus > 1 or header.width == 2) and not any("." in cell for cell in cells):
            return (
                f"{decimals[0]} looks like one number with a decimal comma: "
                "put it in quotes, or use another delimiter, and try --decimal ,"
            )
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
        kinds, flags = (" or ".join(words) for words in zip(*reads, strict=True))
        return f"{shown(text)} has {kinds}: try {flags}"
    bare = text.lstrip("$€£¥₿+-").rstrip("$€£¥₿% ")
    if bare != text.lstrip("+-") and _NUMBER(bare):
        return f"{shown(text)} has a sign that is no part of a number: remove it from the file"
    if re.fullmatch(r"[0-9]+(?:['_][0-9]{3})+(?:\.[0-9]+)?", text):
        mark = re.sub(r"[0-9.]", "", text)[0]
        return f'{shown(text)} has the thousands separator {shown(mark)}: try tr -d "{mark}" < {FILE}{INTO_THE_JOB}'
    return None


def _of_time(cells: list[str], position: int) -> str | None:
    """Say that the column is that of a timestamp, and which one may have the close."""
    if not _TIME(cells[position].strip()):
        return None
    guess = guess_close([cells])
    where = f": try --column {guess.column}" if guess else ""
    return f"{shown(cells[position])} looks like a timestamp, so the close is in another column{where}"


def _flags_of_marks(decimal: str, thousands: str | None, config: Config) -> str:
    """Return the flags that change the marks of the config into these."""
    flags = [f"--decimal {decimal}"] * (decimal != config.decimal)
    flags += [f"--thousands {_MARK_NAMES.get(thousands, thousands)}"] * (thousands != config.thousands)
    return " ".join(flags)


_MARK_NAMES: dict[str | None, str] = {None: "none", " ": "space"}


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
    return f"{flag} {_quoted(name)}"


def _quoted(text: str) -> str:
    """Write text as a shell reads it."""
    return typed(text)


def _listed(names: tuple[str, ...]) -> str:
    some = [shown(name) for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        return f"{', '.join(some)} and {len(names) - _MOST_NAMES} more"
    return " and ".join([", ".join(some[:-1]), some[-1]]) if len(some) > 1 else some[0]
