"""Roles: which columns have the open, the high, the low and the volume, by their names or by a known format.

They decide nothing about how rows are read. Whole names are compared, as those of a close are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stream_signal.core.formats import CLOSE, HIGH, LOW, OPEN, VOLUME
from stream_signal.core.layout.layout import SYMBOL_NAMES, folded
from stream_signal.core.layout.names import plain
from stream_signal.core.layout.prices import plain_price

if TYPE_CHECKING:
    from stream_signal.core.formats import Format
    from stream_signal.core.layout.layout import Layout

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


def prices_of(layout: Layout, known: Format | None = None) -> dict[int, str]:
    """Return the roles of the columns of numbers, by their positions from 0: by their names, or by a known format.

    >>> from stream_signal.core.layout.layout import Layout
    >>> prices_of(Layout(b"", ("Date", "Eröffnung", "Hoch", "Schluss"), ",", 3, 4))
    {1: 'o', 2: 'h', 3: 'c'}
    """
    if layout.names:
        roles = {at: role for at, name in enumerate(layout.names) if (role := _ROLES.get(plain_price(name)))}
    elif known and layout.width in known.widths:
        roles = {at: role for at, role in enumerate(known.roles_of(layout.width)) if role in _NAMES}
    else:
        roles = {}
    return roles | {layout.position: CLOSE}


def may_have_candles(layout: Layout) -> bool:
    """Whether a row may be a candle, and no trade: it has an open, a high or a low, or what may be all three.

    >>> from stream_signal.core.layout.layout import Layout
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
