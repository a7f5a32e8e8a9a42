"""Made-up tables of candles as people have them: any order of columns, names, marks, encodings, and the right value.

A table may be one that nobody could read without a question: without a close, or with rows of two symbols that no
column tells apart. Its right value is then `None`, or one that no single series gives: the command has to say so.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

WINDOW = 5
OPEN, HIGH, LOW, CLOSE = PRICES = "open", "high", "low", "close"
# Names that a header may have for each role: plain ones first, then those of other languages and programs.
NAMES = {
    "time": [
        *("timestamp", "Date", "time", "<DATE>", "trade_date", "t", "index", "day", "日期", "Datum", "Дата", "时间"),
        *("Fecha", "bar_start", "closing"),
    ],
    "date": ["date", "<DATE>", "Datum", "日期", "trade_date", "when"],
    "clock": ["time", "<TIME>", "Zeit", "时间", "hour"],
    OPEN: ["open", "Open", "<OPEN>", "开盘", "始値", "Eröffnung", "o", "px_first"],
    HIGH: ["high", "High", "<HIGH>", "最高", "高値", "Hoch", "h", "px_max"],
    LOW: ["low", "Low", "<LOW>", "最低", "安値", "Tief", "l", "px_min"],
    CLOSE: ["close", "Close", "<CLOSE>", "close", "收盘", "終値", "Schluss", "Закрытие", "c", "px_last", "Last Price"],
    "volume": ["volume", "Volume", "<VOL>", "成交量", "出来高", "Umsatz", "v", "qty"],
    "symbol": ["symbol", "Ticker", "Name", "ts_code", "证券代码", "Wertpapier", "which", "sym"],
    "previous": ["prev_close", "PREV_CLOSE", "前收盘", "prior"],
    "adjusted": ["Adj Close", "adj_close", "adjusted"],
    "count": ["trades", "n", "count", "id"],
    "vwap": ["vwap", "WAP", "average"],
    "number": ["", "index", "Unnamed: 0", "row"],
    "until": ["close_time", "end", "until"],
}
NUMBERS = {*PRICES, "previous", "adjusted", "vwap"}
ENCODINGS = ["utf-8"] * 6 + ["utf-8-sig", "utf-16", "gbk", "shift_jis", "big5", "cp1251", "cp1252", "cp1250"]
PREAMBLES = ["https://example.com/candles", "BTC/USD", "Generated for nobody", "# made up", "Currency: USD", ""]
FOOTERS = ["({rows} rows)", "Source: example.com", "Total", "Downloaded on a Monday", "", "# end"]
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_GERMAN = ["Jan", "Feb", "März", "Apr", "Mai", "Juni", "Juli", "Aug", "Sept", "Okt", "Nov", "Dez"]


class Table(NamedTuple):
    """One file or several, and the right answer: what the rows of each symbol give in order of time."""

    files: dict[str, bytes]
    rows: int
    value: float | None
    """None if no answer is right"""
    about: str
    """what was drawn, for a failure"""


class Candle(NamedTuple):
    """The figures of a candle in hundredths; a close may be missing."""

    time: datetime
    symbol: str
    cents: dict[str, int | None]


def draw_table(rng: Random, header: str) -> Table:
    """Draw a table; `header` is "known", "foreign" or "none"."""
    candles = _candles(rng, rng.choice([["BTC"], ["BTC"], ["BTC"], ["AAPL", "MSFT"], ["000001", "600000"]]))
    symbols = len({candle.symbol for candle in candles})
    columns = _columns(rng, with_symbol=symbols > 1 and rng.random() < 0.9)
    newest_first = rng.random() < 0.3
    if symbols == 1 and not newest_first and rng.random() < 0.05:
        columns = [column for column in columns if column not in {"time", "until"}]
    value: float | None = value_of(candles)
    if rng.random() < 0.05:
        columns.remove(CLOSE)
        value = None
    ordered = candles[::-1] if newest_first else candles
    names = [_name(rng, column, header) for column in columns]
    data, about = _written(rng, ordered, columns, None if header == "none" else names)
    return Table({"table.csv": data}, len(candles), value, f"{names} newest_first={newest_first} {about}")


def draw_files(rng: Random) -> Table:
    """Draw several files of one layout: the parts of one series, in order or not, or a symbol in each."""
    of_symbols = rng.random() < 0.5
    stems = rng.choice([["btc", "eth"], ["000001", "600000"], ["AAPL", "MSFT", "IBM"], ["a-1", "a-2"]])
    candles = _candles(rng, stems if of_symbols else ["BTC"])
    columns = _columns(rng, with_symbol=False)
    names = [NAMES[column][0] for column in columns]
    if of_symbols:
        parts = {stem: [candle for candle in candles if candle.symbol == stem] for stem in stems}
    else:
        stems = rng.choice([["part-0", "part-1"], ["2024-01", "2024-02", "2024-03"], ["jan", "feb"], ["new", "old"]])
        cuts = sorted(rng.sample(range(1, len(candles)), len(stems) - 1))
        ends = zip([0, *cuts], [*cuts, len(candles)], strict=True)
        parts = {stem: candles[first:end] for stem, (first, end) in zip(stems, ends, strict=True)}
        if rng.random() < 0.3:
            parts = dict(zip(stems, reversed(parts.values()), strict=True))
    seed = rng.random()
    files = {}
    for stem, rows in parts.items():
        rng.seed(seed)  # all are written by one program
        files[f"{stem}.csv"], about = _written(rng, rows, columns, names)
    return Table(files, len(candles), value_of(candles), f"{list(files)} {names} {about}")


def value_of(candles: Sequence[Candle]) -> float:
    """Return the share of rows whose close is above the mean of the last closes of its symbol."""
    signals = 0
    closes: dict[str, list[int | None]] = {}
    for candle in candles:
        window = closes.setdefault(candle.symbol, [])
        window.append(candle.cents[CLOSE])
        last = [cents for cents in window[-WINDOW:] if cents is not None]
        signals += len(last) == WINDOW and Fraction(sum(last), WINDOW) < last[-1]
    return signals / len(candles)


def _candles(rng: Random, symbols: Sequence[str]) -> list[Candle]:
    """Draw the candles of some symbols, in order of time in each: together, in blocks, or one after the other."""
    step = rng.choice([timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)])
    count, flat = rng.randrange(8, 90), rng.choice([0, 0, 0.3, 0.8])
    missing = rng.choice([0, 0, 0, 0, 0.05])
    first = datetime(rng.randrange(2001, 2026), rng.randrange(1, 13), rng.randrange(1, 29), tzinfo=UTC)
    first += timedelta(minutes=rng.choice([0, 0, 570]))
    candles: list[Candle] = []
    for symbol in symbols:
        close = rng.randrange(1_000, 5_000_000)
        for number in range(count):
            reach = 0 if rng.random() < flat else close // 50
            opened, close = close, max(100, close + rng.randrange(-reach, reach + 1))
            high = max(opened, close) + rng.randrange(reach // 4 + 1)
            low = min(opened, close) - rng.randrange(reach // 4 + 1)
            cents: dict[str, int | None] = dict(zip(PRICES, (opened, high, low, close), strict=True))
            cents |= {"volume": rng.randrange(10**7), "previous": opened, "adjusted": close * 97 // 100}
            cents |= {"count": rng.randrange(500), "vwap": (opened + close) // 2, "number": len(candles)}
            if rng.random() < missing:
                cents[CLOSE] = None
            candles.append(Candle(first + number * step, symbol, cents))
    size = rng.choice([1, 1, 1, 3, 10, count])
    return sorted(candles, key=lambda candle: (candle.time - first) // step // size)


def _columns(rng: Random, *, with_symbol: bool) -> list[str]:
    columns = ["time", *PRICES, *(["volume"] if rng.random() < 0.9 else [])]
    for extra in ("previous", "adjusted", "count", "vwap", "number", "until"):
        if rng.random() < 0.1:
            columns.insert(rng.randrange(len(columns) + 1), extra)
    if with_symbol:
        columns.insert(rng.randrange(len(columns) + 1), "symbol")
    if rng.random() < 0.3:
        rng.shuffle(columns)
    if rng.random() < 0.15:
        at = columns.index("time")
        columns[at : at + 1] = rng.choice([["date", "clock"], ["date", "clock"], ["clock", "date"]])
    return columns


def _written(
    rng: Random, candles: Sequence[Candle], columns: Sequence[str], names: Sequence[str] | None
) -> tuple[bytes, str]:
    """Write candles as a file, with lines above, below and between them; also return how, for a failure."""
    are_days = len({candle.time.time() for candle in candles}) == 1
    time = rng.choice([*_TIMES, *(_DATES if are_days else _CLOCKS_ALONE)])
    date, clock = rng.choice(_DATES), rng.choice(_CLOCKS)
    delimiter = rng.choice(",,,;\t|")
    decimal = "," if delimiter != "," and rng.random() < 0.2 else "."
    quotes, grouped = rng.random() < 0.15, rng.random() < 0.1
    sign = rng.choice(["{}"] * 12 + ["${}", "{} USD"])
    missing = rng.choice(["", "NaN", "null"])

    def cell(candle: Candle, column: str) -> str:
        if column in {"time", "until"}:
            return time(candle.time + timedelta(seconds=59) * (column == "until"))
        if column in {"symbol", "date", "clock"}:
            return {"symbol": candle.symbol, "date": date(candle.time), "clock": clock(candle.time)}[column]
        figure = candle.cents[column]
        if figure is None:
            return missing
        if column not in NUMBERS:
            return str(figure)
        whole = f"{figure // 100:,}".replace(",", "." if decimal == "," else ",") if grouped else str(figure // 100)
        return sign.format(f"{whole}{decimal}{figure % 100:02}")

    def line(row: Sequence[str]) -> str:
        return delimiter.join(f'"{text}"' if quotes or delimiter in text else text for text in row)

    rows = [line([cell(candle, column) for column in columns]) for candle in candles]
    if rng.random() < 0.05:
        rows.insert(rng.randrange(len(rows) + 1), rng.choice(["", "# a word", delimiter * (len(columns) - 1)]))
    above = [] if names is None else [*rng.sample(PREAMBLES, rng.choice([0, 0, 0, 1, 2])), line(names)]
    below = []
    if rng.random() < 0.15:
        footer = rng.choice(FOOTERS).format(rows=len(candles))
        below = [footer + delimiter * rng.choice([0, (len(columns) - 1) * (columns[0] in {"time", "date"})])]
    encoding = rng.choice(ENCODINGS)
    text = rng.choice(["\n", "\r\n"]).join([*above, *rows, *below]) + ("\n" if rng.random() < 0.8 else "")
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        data, encoding = text.encode(), "utf-8"
    return data, f"{encoding} decimal={decimal!r} below={below}\n{text[:400]}"


def _name(rng: Random, column: str, header: str) -> str:
    names = NAMES[column]
    if header == "foreign" and column != "clock" and rng.random() < 0.5:  # digits are a clock by their name alone
        return rng.choice([rng.choice(names), "".join(rng.choice("abcdeghkmqxz") for _ in range(5))])
    return names[0] if rng.random() < 0.5 else rng.choice(names)


def _epoch(digits: int) -> Callable[[datetime], str]:
    return lambda time: str(int(time.timestamp()) * 10**digits)


_TIMES: list[Callable[[datetime], str]] = [
    *map(_epoch, (0, 3, 6, 9)),
    lambda time: f"{int(time.timestamp())}.0",
    lambda time: f"{time.timestamp() * 1000:.9e}",
    lambda time: f"{time:%Y-%m-%d %H:%M:%S}",
    lambda time: f"{time:%Y-%m-%dT%H:%M:%SZ}",
    lambda time: f"{time:%Y-%m-%d %H:%M:%S+00:00}",
    lambda time: f"{time:%Y/%m/%d %H:%M}",
    lambda time: f"{time:%Y%m%d %H%M%S}",
    lambda time: f"{time:%Y%m%d%H%M%S}",
    lambda time: f"{time:%d.%m.%Y %H:%M}",
    lambda time: f"{time:%d/%m/%Y %H:%M}",
    lambda time: f"{time:%m/%d/%Y %H:%M}",
    lambda time: f"{time:%m/%d/%Y %I:%M %p}",
    lambda time: f"{time:%Y.%m.%dD%H:%M:%S.000000000}",
    lambda time: f"{time.day}-{_MONTHS[time.month - 1]}-{time:%y %H:%M}",
    lambda time: f"{time.day}. {_GERMAN[time.month - 1]} {time:%Y %H:%M}",
    lambda time: f"{time.year}年{time.month}月{time.day}日 {time:%H:%M}",
    lambda time: f"{time.year - 1911:03}/{time:%m/%d %H:%M}",
]
_DATES: list[Callable[[datetime], str]] = [
    lambda time: f"{time:%Y-%m-%d}",
    lambda time: f"{time:%Y%m%d}",
    lambda time: f"{time:%d/%m/%Y}",
    lambda time: f"{time:%m/%d/%y}",
    lambda time: f"{time.day}-{_MONTHS[time.month - 1]}-{time:%Y}",
    lambda time: f"{time.year}年{time.month}月{time.day}日",
]
_CLOCKS_ALONE: list[Callable[[datetime], str]] = [lambda time: f"{time:%H:%M}", lambda time: f"{time:%H:%M:%S}"]
_CLOCKS: list[Callable[[datetime], str]] = [
    *_CLOCKS_ALONE,
    lambda time: f"{time:%H%M%S}",
    lambda time: f"{time:%H%M}",
    lambda time: f"{time:%I:%M %p}",
    lambda time: str(time.hour),
]
