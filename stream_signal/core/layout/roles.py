"""Roles: which columns have the open, the high, the low and the volume, by their names or by a known format.

They decide nothing about how rows are read. Whole names are compared, as those of a close are.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.config import DELIMITERS
from stream_signal.core.formats import CLOSE, FORMATS, HIGH, LOW, OPEN, VOLUME
from stream_signal.core.layout.layout import SYMBOL_NAMES, Layout, find_time, folded
from stream_signal.core.layout.names import plain
from stream_signal.core.layout.prices import find_closes, number_of, plain_price
from stream_signal.core.layout.times import NAMED, find_times
from stream_signal.core.quotes import cells_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stream_signal.core.config import Config
    from stream_signal.core.formats import Format

_NAMES = {
    OPEN: (
        *("open", "o", "opening", "open price", "opening price", "price open", "opnpric", "px open"),
        *("开盘", "开盘价", "今开", "開盤", "開盤價", "始値", "시가", "открытие", "цена открытия", "відкриття"),
        *("acilis", "acilis fiyati", "otwarcie", "kurs otwarcia", "openingskoers", "eröffnung", "eröffnungskurs"),
        *("apertura", "prezzo apertura", "precio apertura", "ouverture", "cours ouverture", "abertura"),
        *("preço abertura", "öppningskurs", "åpningskurs", "avauskurssi", "nyitóár", "pembukaan"),
        *("mở cửa", "giá mở cửa", "ราคาเปิด"),
    ),
    HIGH: (
        *("high", "h", "highest", "max", "high price", "price high", "hghpric", "px high"),
        *("最高", "最高价", "最高價", "高値", "고가", "максимум", "макс.", "максимальная цена", "yüksek", "en yüksek"),
        *("najwyższy", "kurs maksymalny", "hoogste koers", "hoog", "hoch", "tageshoch", "massimo", "prezzo massimo"),
        *("máximo", "precio máximo", "plus haut", "cours plus haut", "máxima", "preço máximo", "högstkurs"),
        *("høykurs", "ylin", "maximális ár", "tertinggi", "cao nhất", "giá cao nhất", "ราคาสูงสุด"),
    ),
    LOW: (
        *("low", "l", "lowest", "min", "low price", "price low", "lwpric", "px low"),
        *("最低", "最低价", "最低價", "安値", "저가", "минимум", "мин.", "минимальная цена", "düşük", "en düşük"),
        *("najniższy", "kurs minimalny", "laagste koers", "laag", "tief", "tagestief", "minimo", "prezzo minimo"),
        *("mínimo", "precio mínimo", "plus bas", "cours plus bas", "mínima", "preço mínimo", "lägstkurs"),
        *("lavkurs", "alin", "minimális ár", "terendah", "thấp nhất", "giá thấp nhất", "ราคาต่ำสุด"),
    ),
    VOLUME: (
        *("volume", "vol", "v", "tick volume", "real volume", "volume traded", "base volume", "quote volume"),
        *("tottrdqty", "ttltrdqnty", "tickvol", "volume btc", "volume usd", "volume usdt"),
        *("成交量", "成交股數", "出来高", "거래량", "объем", "объём", "обсяг", "hacim", "wolumen", "umsatz", "volumen"),
        *("objem", "volym", "vaihto", "forgalom", "khối lượng", "ปริมาณ"),
    ),
}
_ROLES = {plain_price(name): role for role, names in _NAMES.items() for name in names}
# Columns of trades and of quotes, which have times that repeat:
# https://github.com/binance/binance-public-data#trades, https://public.bybit.com/trading/,
# https://www.bitmex.com/api/explorer/#!/Trade/Trade_get, https://databento.com/docs/schemas-and-data-formats/trades
_OF_TRADES = frozenset(
    {
        *("qty", "quantity", "size", "amount", "side", "tradeid", "aggtradeid", "trdmatchid", "quoteqty"),
        *("isbuyermaker", "isbestmatch", "wasthemaker", "tickdirection", "takerside", "aggressor"),
        *("bid", "ask", "bidprice", "askprice", "bidsize", "asksize"),
    }
)
# An open, a high and a low.
_OF_CANDLES = 3
_WORDS = {OPEN: "open", HIGH: "high", LOW: "low", CLOSE: "close", VOLUME: "volume"}
_SHOWN_VALUES = 3


def prices_of(layout: Layout, known: Format | None = None) -> dict[int, str]:
    """Return the roles of the columns of numbers, by their positions from 0: by their names, or by a known format.

    >>> prices_of(Layout(b"", ("Date", "Eröffnung", "Hoch", "Schluss"), ",", 3, 4))
    {1: 'o', 2: 'h', 3: 'c'}
    """
    if layout.names:
        roles = _named(layout.names)
    elif known and layout.width in known.widths:
        roles = {at: role for at, role in enumerate(known.roles_of(layout.width)) if role in _NAMES}
    else:
        roles = {}
    return roles | {layout.position: CLOSE}


def may_have_candles(layout: Layout) -> bool:
    """Whether a row may be a candle, and no trade: it has an open, a high or a low, or what may be all three.

    >>> may_have_candles(Layout(b"", ("time", "price", "qty", "side"), ",", 1, 4, 0))
    False
    >>> may_have_candles(Layout(b"", (), ",", 4, 6, 0)), may_have_candles(Layout(b"", (), ",", 1, 3, 0))
    (True, False)
    """
    times = layout.time if isinstance(layout.time, tuple) else (layout.time,)
    others = {at for at in range(layout.width) if at != layout.position and at not in times}
    roles = prices_of(layout)
    if any(roles.get(at) in {OPEN, HIGH, LOW} for at in others):
        return True
    names = [layout.names[at] for at in others] if layout.names else []
    if any(plain(name) in _OF_TRADES for name in names):
        return False
    known = sum(roles.get(at) == VOLUME for at in others) + sum(folded(name) in SYMBOL_NAMES for name in names)
    return len(others) - known >= _OF_CANDLES


class Column(NamedTuple):
    """A column of an input, for people."""

    number: int
    """from 1"""
    name: str
    role: str
    why: str
    """why it has this role; empty if it is another column"""
    values: list[str]
    """the first ones"""


def columns_of(
    layout: Layout, rows: Sequence[Sequence[str]], config: Config, symbols: Mapping[int, str]
) -> list[Column]:
    """Return the columns of a layout, each with its role and why; `symbols` are known to have symbols, and why.

    >>> from stream_signal.core.config import Config
    >>> layout = Layout(b"day,close", ("day", "close"), ",", 1, 2, 0)
    >>> [column[1:4] for column in columns_of(layout, [["2024-01-02", "42"]], Config(), {})]
    [('day', 'time', 'named'), ('close', 'close', 'named')]
    """
    known = FORMATS[config.format] if config.format else None
    by_format = f"--format {config.format}"
    of_prices = NAMED if layout.names else by_format
    roles = {at: (_WORDS[letter], of_prices) for at, letter in prices_of(layout, known).items()}
    if not layout.names or config.column_name is None:
        roles[layout.position] = "close", by_format if known else "--column"
    roles |= {at: ("symbol", NAMED) for at, name in enumerate(layout.names) if folded(name) in SYMBOL_NAMES}
    roles |= {at: ("symbol", why) for at, why in symbols.items()}
    position = find_time(layout, config.time_column)
    if position is not None:
        of_setting = by_format if known and known.time_column else "--time-column"
        times = find_times(layout.names, rows)
        of_name = times.why if times and times.position == position else NAMED
        why = of_name if config.time_column is None else of_setting
        roles |= dict.fromkeys(position if isinstance(position, tuple) else (position,), ("time", why))
    return [_column(at, layout.names, rows, roles.get(at, ("other", ""))) for at in range(layout.width)]


def candidates_of(lines: Sequence[bytes], delimiter: str | None) -> tuple[str, list[Column]]:
    """Return the delimiter and the columns of the first lines of an input that was refused; each may have the close.

    >>> candidates_of([b"52,54,51,53"], None)[1][3]
    Column(number=4, name='', role='close?', why='bracketed', values=['53'])
    """
    tables = {mark: [cells_in(line, mark) for line in lines] for mark in ([delimiter] if delimiter else DELIMITERS)}
    widths = {mark: Counter(map(len, table)).most_common(1)[0] for mark, table in tables.items()}
    mark = max(tables, key=lambda mark: (widths[mark][0] > 1, widths[mark][1], widths[mark][0]))
    table = [cells for cells in tables[mark] if len(cells) == widths[mark][0]]
    has_names = not any(map(number_of, table[0]))
    names, rows = (table[0], table[1:]) if has_names else ([], table)
    times = find_times(names, rows)
    taken = () if times is None else times.position if isinstance(times.position, tuple) else (times.position,)
    roles = {at: (_WORDS[letter], NAMED) for at, letter in _named(names).items()}
    roles |= {found.position: ("close?", found.why) for found in find_closes(names, rows, times, mark)}
    roles |= {at: ("time", times.why) for at in taken if times}
    return mark, [_column(at, names, rows, roles.get(at, ("other", ""))) for at in range(len(table[0]))]


def _named(names: Sequence[str]) -> dict[int, str]:
    return {at: role for at, name in enumerate(names) if (role := _ROLES.get(plain_price(name)))}


def _column(at: int, names: Sequence[str], rows: Sequence[Sequence[str]], role: tuple[str, str]) -> Column:
    return Column(at + 1, names[at] if names else "", *role, [row[at] for row in rows[:_SHOWN_VALUES]])
