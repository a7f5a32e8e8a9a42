"""Which column has the close: by its name, by what prices do, and by the known formats that the rows have.

By content, four columns are prices if the low is never above the open and the close, and the high never below them.
Open and close are told apart by the step from row to row, in the order of time: a candle opens near the close of the
one before. So without a direction of time they are not told apart. Floats are enough here, because nothing is counted.

The thresholds were measured on windows of real files: with a step of 3 standard deviations on 20 rows, no window of
2,173 was wrong; with 1.5 on 10 rows and a known format that agrees, none of 502. A format alone takes every file whose
open and close are exchanged.
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import sqrt
from operator import ge
from typing import TYPE_CHECKING, NamedTuple, Protocol

from stream_signal.core.formats import CLOSE, FORMATS, HIGH, LOW, OPEN, VOLUME
from stream_signal.core.layout.names import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.formats import Format

    Columns = dict[int, list[float]]  # by their position, those that are numbers in every row

# The names of a close, the plain one first, as `plain` writes them. Nothing is matched by a part of a name.
CLOSE_NAMES = (
    *("close", "closeprice", "closingprice", "priceclose", "closelast", "clsprice", "clspric"),
    *("收盘", "收盘价", "收盤", "收盤價", "終値", "종가"),
    *("закрытие", "ценазакрытия", "закриття", "kapanis", "kapanisfiyati", "zamkniecie", "kurszamkniecia"),
    *("slotkoers", "schluss", "schlusskurs", "schlußkurs", "chiusura", "prezzochiusura", "cloture"),
    *("courscloture", "courdecloture", "cierre", "preciocierre", "fechamento", "precofechamento", "zaverecnacena"),
    *("slutkurs", "sluttkurs", "lukkekurs", "stangning", "stangningskurs", "paatoskurssi", "zarokurs"),
    *("zaro", "zaroar"),
    *("zaver", "zaviracicena", "uzaviracikurz", "κλεισιμο", "τιμηκλεισιματος", "inchidere", "pretinchidere", "fecho"),
    *("penutupan", "hargapenutupan", "đongcua", "giađongcua", "ราคาปิด", "סגירה", "الإغلاق", "اغلاق"),
    *("lastprice", "lastpric", "pxlast", "lasttradedprice"),
)
# What may be the close, in the order in which it is proposed; only a person can say so. A tier is proposed where there
# is none of those above it.
LIKE_CLOSE = (
    (
        *("c", "last", "price", "settle", "settlement", "settlepr", "sttlmpric", "tradeprice", "pxclose"),
        *(
            "zuletzt",
            "kurs",
            "letzter",
            "ultimo",
            "dernier",
            "最新价",
            "現在値",
            "现价",
            "cena",
            "seneste",
            "siste",
            "senast",
        ),
    ),
    ("mid", "rate", "value", "vwap"),
    ("adjclose", "adjustedclose", "closeadj", "closeadjusted", "adjcloseprice"),
)
NAMES_LIKE_CLOSE = tuple(name for tier in LIKE_CLOSE for name in tier)
_RANK = {name: rank for rank, name in enumerate(dict.fromkeys((*CLOSE_NAMES, *NAMES_LIKE_CLOSE)))}

# Why a column is a candidate.
NAMED, ALONE, BRACKETED, STEPPED, OF_A_FORMAT = "named", "alone", "bracketed", "stepped", "of a format"

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]+)*|\.[0-9]+|[0-9]+\.)(?:[eE][+-]?[0-9]+)?").fullmatch
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-"})
_LEAST_ROWS_APART = 5  # rows whose high is above the low, before two columns bracket others
_WIDEST = 0.5  # the median of (high - low) / high; volumes bracket each other with a wider one
_RIVAL = 5.0  # a bracket so many times as wide as the tightest one is a rival; a wider one is not
_SLACK = 0.05  # of the rows of real files break the bracket; such a file is never sure
_SURE_STEP, _SURE_ROWS, _SURE_RATIO = 3.0, 20, 0.9
_STEP_WITH_FORMAT, _ROWS_WITH_FORMAT = 1.5, 10
_MANY_COLUMNS = 9  # that all fit a format, in every row


class Times(Protocol):
    """What has to be known of the timestamps."""

    @property
    def position(self) -> int | tuple[int, int]:
        """Where they are, from 0."""

    @property
    def direction(self) -> int:
        """1 if the oldest row comes first, -1 if the newest does, 0 if that is unknown."""


class Candidate(NamedTuple):
    """A column that may have the close, why, and the order of the prices in a row, such as "OHLC"."""

    position: int
    """from 0"""
    why: str
    order: str | None


class Step(NamedTuple):
    """How often an open is nearer to the close before it than the close is to the open before."""

    wins: int
    losses: int
    ratio: float
    """the sum of the steps from close to open, as a share of that with both exchanged"""

    @property
    def telling(self) -> int:
        """In how many rows the two steps differ."""
        return self.wins + self.losses

    @property
    def z(self) -> float:
        """How far the wins are from as many losses, in standard deviations."""
        return (self.wins - self.losses) / sqrt(self.telling) if self.telling else 0.0


class _Bracket(NamedTuple):
    width: float
    high: int
    low: int
    held: tuple[int, ...]  # the columns between the two


# A currency in brackets behind a name; anything else there may say that it is another close.
_CURRENCY = re.compile(
    r"[(\[]\s*(?:USD|USDT|USDC|EUR|GBP|JPY|CNY|HKD|TWD|INR|KRW|CHF|CAD|AUD|PLN|TRY|RUB|BRL|MXN|SEK|NOK|DKK"
    r"|[$€£¥₹₩元円원])\s*[)\]]"
)


def plain_price(name: str) -> str:
    """Return the name of a price as `plain` does, without a currency in brackets, but with what else is in them.

    >>> plain_price("Close (USD)"), plain_price("Close (prev)")
    ('close', 'closeprev')
    """
    return plain(re.sub(r"[()\[\]]", "", _CURRENCY.sub("", name)))


_PLAIN_RANK = {plain_price(name): rank for name, rank in reversed(_RANK.items())}
_PLAIN_CLOSES = {plain_price(name): _RANK[name] for name in CLOSE_NAMES}


def close_by_name(names: Sequence[str]) -> list[int]:
    """Return the positions of the columns that have the best of the known names of a close; never of an adjusted one.

    >>> close_by_name(["PREV_CLOSE", "LAST_PRICE", "CLOSE_PRICE"]), close_by_name(["Date", "Price", "Adj Close"])
    ([2], [])
    >>> close_by_name(["日期", "前收盘", "收盘"])
    [2]
    """
    last = _RANK["lastprice"]  # from there on it is the price of the last trade, if there is no close
    ranks = {
        at: _PLAIN_CLOSES[plain_price(name)] for at, name in enumerate(names) if plain_price(name) in _PLAIN_CLOSES
    }
    closes = [at for at, rank in ranks.items() if rank < last]
    return closes or list(ranks)


def like_close(names: Sequence[str]) -> list[int]:
    """Return the positions of the columns that may have the close by their names, likeliest first.

    >>> like_close(["day", "vwap", "settle", "last"]), like_close(["day", "Adj Close"]), like_close(["day", "volume"])
    ([3, 2], [1], [])
    """
    plain_names = [plain_price(name) for name in names]
    for tier in (CLOSE_NAMES, *LIKE_CLOSE):
        ranks = {plain_price(name): rank for rank, name in enumerate(tier)}
        if closes := [at for at, name in enumerate(plain_names) if name in ranks]:
            return sorted(closes, key=lambda at: ranks[plain_names[at]])
    return []


def find_closes(
    names: Sequence[str], rows: Sequence[Sequence[str]], times: Times | None, delimiter: str = ","
) -> list[Candidate]:
    """Return the columns that may have the close, likeliest first; one alone is as sure as it can be.

    `names` is empty without a header. A name proposes: columns whose cells are no numbers are left out.

    >>> find_closes(["day", "prev close", "last"], [["Mon", "1", "2"], ["Tue", "2", "3"]], None)
    [Candidate(position=2, why='named', order=None)]
    >>> [found.position for found in find_closes([], [["52", "54", "51", "53", "9"]], None)]
    [0, 3]
    """
    columns = _columns_of(rows, times)
    ranks = {at: _PLAIN_RANK.get(plain_price(name)) for at, name in enumerate(names)}
    named = sorted((rank, at) for at, rank in ranks.items() if rank is not None and (at in columns or not rows))
    if named:
        return [Candidate(at, NAMED, None) for _, at in named]
    if len(columns) == 1:
        return [Candidate(at, ALONE, None) for at in columns]
    return _closes_by_content(columns, rows, times, delimiter) if columns else []


def recognise(
    rows: Sequence[Sequence[str]], delimiter: str, times: Times | None, *, whole: bool = False
) -> Format | None:
    """Return the known format that rows without a header have, if all that fit name one time and one close.

    The step from close to open has to agree: with 1.5 standard deviations on 10 rows, so that a lucky beginning does
    not decide. If no rows will follow (`whole`), and so many columns fit that this is no chance, more wins than losses
    are enough. Without a direction of time there is no step, so nothing is taken.
    """
    known = formats_of(rows, delimiter, times)
    if not known or times is None or not times.direction:
        return None
    step = _step_of(known[0], rows, times)
    agrees = step.z >= _STEP_WITH_FORMAT and step.telling >= _ROWS_WITH_FORMAT
    return known[0] if agrees or (whole and len(rows[0]) >= _MANY_COLUMNS and step.z > 0) else None


def formats_of(rows: Sequence[Sequence[str]], delimiter: str, times: Times | None) -> list[Format]:
    """Return the known formats whose columns fit every row, if they all name the same columns; otherwise none."""
    known = fitting(rows, delimiter, times)
    return known if len({layout.places(len(rows[0])) for layout in known}) == 1 else []


def fitting(rows: Sequence[Sequence[str]], delimiter: str, times: Times | None) -> list[Format]:
    """Return the known formats whose columns fit every row."""
    return [known for known in FORMATS.values() if _fits(known, rows, delimiter, times)]


def _fits(known: Format, rows: Sequence[Sequence[str]], delimiter: str, times: Times | None) -> bool:
    """Whether rows may be of a format: every cell of every row, and the time is where it says."""
    width = len(rows[0]) if rows else 0
    if width not in known.widths or known.delimiter != delimiter:
        return False
    _, time = known.places(width)
    if times is not None and times.position not in {time, time[0] if isinstance(time, tuple) else time}:
        return False
    roles = known.roles_of(width)
    return all(len(row) == width and not known.wrong_time(row) and _is_candle(roles, row) for row in rows)


def _is_candle(roles: str, row: Sequence[str]) -> bool:
    """Whether the numbers of a row are there, and no price is above the high or below the low."""
    numbers = {role: number_of(cell) for role, cell in zip(roles, row, strict=True) if role in {OPEN, HIGH, LOW, CLOSE}}
    prices = [number for number in numbers.values() if number is not None]
    volumes = all(number_of(cell) is not None for role, cell in zip(roles, row, strict=True) if role == VOLUME)
    return volumes and len(prices) == 4 and numbers[LOW] == min(prices) and numbers[HIGH] == max(prices)


def _step_of(known: Format, rows: Sequence[Sequence[str]], times: Times) -> Step:
    order = known.roles_of(len(rows[0]))
    opens, closes = ([number_of(row[order.index(role)]) or 0.0 for row in rows] for role in (OPEN, CLOSE))
    return step_between(opens, closes, times.direction)


def step_between(opens: Sequence[float], closes: Sequence[float], direction: int) -> Step:
    """Return what the step from row to row says of an open and a close, in the direction of time.

    >>> step_between([1, 3, 4], [3, 4, 2], 1), step_between([1, 3, 4], [3, 4, 2], -1).z < 0
    (Step(wins=2, losses=0, ratio=0.0), True)
    """
    wins = losses = 0
    short = long = 0.0
    candles = list(zip(opens, closes, strict=True))
    for (opened, closed), (opens_next, closes_next) in pairwise(candles if direction > 0 else candles[::-1]):
        right, wrong = abs(opens_next - closed), abs(closes_next - opened)
        wins += right < wrong
        losses += right > wrong
        short, long = short + right, long + wrong
    return Step(wins, losses, short / long if long else 1.0)


def number_of(cell: str) -> float | None:
    """Return the number of a cell, with a point or a comma before its decimals; None if it is none.

    >>> number_of("1,234.50"), number_of("1,5"), number_of("n/a")
    (1234.5, 1.5, None)
    """
    if not _NUMBER(cell):
        return None
    if "." in cell and "," in cell:
        cell = cell.replace(min(",.", key=cell.rfind), "")
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no number."""
    return cell.casefold() in _MISSING


def _columns_of(rows: Sequence[Sequence[str]], times: Times | None) -> Columns:
    """Return the columns that may be prices, in the rows where all of them are numbers."""
    if not rows:
        return {}
    position = times.position if times else ()
    taken = {position} if isinstance(position, int) else set(position)
    numbers = {at: [number_of(row[at]) for row in rows] for at in range(len(rows[0])) if at not in taken}
    there = {at: sum(number is not None for number in column) for at, column in numbers.items()}
    blank = {at: sum(is_missing(row[at]) for row in rows) for at in numbers}
    kept = [at for at in numbers if there[at] and there[at] + blank[at] == len(rows) and blank[at] * 10 <= len(rows)]
    whole = [row for row in zip(*(numbers[at] for at in kept), strict=True) if None not in row] if kept else []
    columns = {at: [row[place] or 0.0 for row in whole] for place, at in enumerate(kept)} if whole else {}
    return {at: column for at, column in columns.items() if not _is_clock(column)}


def _is_clock(column: list[float]) -> bool:
    """Whether a column of large whole numbers goes one way all the time, as epochs beside the time column do."""
    if min(column) < 1e8 or max(column) >= 1.6 * min(column) or any(number % 1 for number in column):
        return False
    ways = {(after > before) - (after < before) for before, after in pairwise(column)}
    return ways <= {1, 0} or ways <= {-1, 0}


def _closes_by_content(
    columns: Columns, rows: Sequence[Sequence[str]], times: Times | None, delimiter: str
) -> list[Candidate]:
    """Return the candidates by the bracket, the step, and the known formats."""
    brackets = _brackets(columns, 0.0)
    is_strict = bool(brackets)
    if not brackets:
        brackets = _brackets(columns, _SLACK)
    direction = times.direction if times else 0
    ranked: list[tuple[float, Candidate]] = []
    for bracket in brackets:
        pairs = [(opened, close) for opened in bracket.held for close in bracket.held if opened != close]
        steps = {pair: step_between(columns[pair[0]], columns[pair[1]], direction or 1) for pair in pairs}
        for close in bracket.held:
            opens = [opened for opened in bracket.held if opened != close]
            best = max(opens, key=lambda opened: steps[opened, close].z, default=None)
            step = steps[best, close] if best is not None and direction else Step(0, 0, 1.0)
            order = _order(bracket, best, close)
            ranked.append((step.z, Candidate(close, STEPPED if step.z > 0 else BRACKETED, order)))
            twins = [at for at in columns if at != close and columns[at] == columns[close]]
            is_sure = (
                is_strict and len(brackets) == 1 and len(bracket.held) == 2 and not twins
                and step.z >= _SURE_STEP and step.telling >= _SURE_ROWS and step.ratio <= _SURE_RATIO
            )  # fmt: skip
            if is_sure:
                return [ranked[-1][1]]
            ranked += [(step.z, Candidate(twin, BRACKETED, None)) for twin in twins if twin not in bracket.held]
    candidates = [candidate for _, candidate in sorted(ranked, key=lambda pair: -pair[0])]
    known = closes_of_formats(rows, delimiter, times)
    return known if len(known) == 1 else _unlike([*candidates, *known])


def closes_of_formats(rows: Sequence[Sequence[str]], delimiter: str, times: Times | None) -> list[Candidate]:
    """Return the close by the known formats that rows without a header fit, if these all name the same one.

    If the step from close to open speaks against it, what they call the open is another candidate. Rows whose open is
    always the close tell nothing, nor do those that fit no format.
    """
    known = formats_of(rows, delimiter, times)
    if not known:
        return []
    roles = known[0].roles_of(len(rows[0]))
    opened, close = roles.index(OPEN), roles.index(CLOSE)
    if all(number_of(row[opened]) == number_of(row[close]) for row in rows):
        return []
    order = "".join(role for role in roles if role in {OPEN, HIGH, LOW, CLOSE}).upper()
    found = [Candidate(close, OF_A_FORMAT, order)]
    if times is not None and times.direction and _step_of(known[0], rows, times).z < 0:
        found.append(Candidate(opened, STEPPED, None))
    return found


def _unlike(candidates: list[Candidate]) -> list[Candidate]:
    return list({candidate.position: candidate for candidate in reversed(candidates)}.values())[::-1]


def _order(bracket: _Bracket, opened: int | None, close: int) -> str | None:
    if opened is None:
        return None
    places = {opened: "O", bracket.high: "H", bracket.low: "L", close: "C"}
    return "".join(places[at] for at in sorted(places))


def _brackets(columns: Columns, slack: float) -> list[_Bracket]:
    """Return the pairs of columns that hold others between them in the rows: the innermost ones, the tightest first."""
    firsts = {tuple(column): at for at, column in reversed(columns.items())}  # of twins, the first
    kept = {at: columns[at] for at in sorted(firsts.values())}
    least = min(_LEAST_ROWS_APART, len(next(iter(columns.values()))))
    above = {
        (high, low)
        for high in kept
        for low in kept
        if high != low and sum(map(ge, kept[high], kept[low])) >= (1 - slack) * len(kept[high])
    }
    found = []
    for high, low in above:
        held = tuple(at for at in kept if at not in {high, low} and (high, at) in above and (at, low) in above)
        widths = [
            (top - bottom) / (abs(top) or 1) for top, bottom in zip(kept[high], kept[low], strict=True) if top > bottom
        ]
        width = sorted(widths)[len(widths) // 2] if widths else _WIDEST
        if held and len(widths) >= least and width < _WIDEST:
            found.append(_Bracket(width, high, low, held))
    found = [bracket for bracket in found if len(bracket.held) > 1] or found
    inner = sorted(one for one in found if not any(_is_within(other, one) for other in found))
    return [bracket for bracket in inner if bracket.width <= _RIVAL * inner[0].width]


def _is_within(inner: _Bracket, outer: _Bracket) -> bool:
    return inner != outer and {inner.high, inner.low} <= {outer.high, outer.low, *outer.held}
