"""The layouts of files that many people have, as data: `--format NAME`.

A format sets where the close and the time are, and in which order the rows come; nothing else. A file of another layout
is refused by line: a header needs the column of that name, and a row of a file without one as many fields as here. The
first such row also needs a time of the same form. To
add a format, add an entry to the table, and a sample of its layout to the tests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from stream_signal.core.printable import in_columns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    Column = str | int | tuple[str, int]
    TimeColumn = str | int | tuple[str | int, str | int] | None
    HeaderSetting = bool | Literal["auto"]


class Time(NamedTuple):
    """The form of a time."""

    pattern: str
    words: str


_SECONDS = Time(r"[0-9]{9,10}(?:\.[0-9]*)?", "seconds since 1970")
_MILLISECONDS = Time(r"[0-9]{12,13}", "milliseconds since 1970")
_MILLI_OR_MICROSECONDS = Time(r"[0-9]{12,13}|[0-9]{15,16}", "milliseconds or microseconds since 1970")
OPEN, HIGH, LOW, CLOSE, VOLUME = "ohlcv"
_ROLES = {"t": "time", OPEN: "open", HIGH: "high", LOW: "low", CLOSE: "close", VOLUME: "volume", "x": "other"}


class Format(NamedTuple):
    """A layout: the settings of `Config` that it brings, and where it is described."""

    source: str
    """a page that describes the layout, or how the files are made"""
    seen: str
    """the day on which that was looked up"""
    column: Column
    """both a name and a number if some of the files have a header and some do not"""
    time_column: TimeColumn
    header: HeaderSetting = True
    delimiter: str | None = None
    """None: found from the first line"""
    newest_first: bool = False
    roles: tuple[str, ...] = ()
    """of the columns of a row without a header, a letter each: t time, o h l c prices, v another number, x anything;
    several if the rows of some files have fewer columns. A row with another number of them is refused"""
    times: tuple[Time, ...] = ()
    """how such a row writes its time, in each of the time columns; another form is refused"""
    key_pattern: str | None = None
    """where the symbol stands in the names of the files, for `key: @file`"""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that it brings, by their key."""
        left_out = {"source", "seen", "roles", "times", *(["key_pattern"] if self.key_pattern is None else [])}
        return {key: value for key, value in self._asdict().items() if key not in left_out}

    @property
    def widths(self) -> tuple[int, ...]:
        """How many columns a row without a header may have."""
        return tuple(map(len, self.roles))

    def roles_of(self, width: int) -> str:
        """Return the roles of the columns of a row with so many, which the format has."""
        return next(roles for roles in self.roles if len(roles) == width)

    def close_of(self, width: int) -> int:
        """Return the number of the column of the close in such a row, from 1."""
        return self.roles_of(width).index(CLOSE) + 1

    def words_of(self, width: int) -> str:
        """Return the roles of the columns of such a row as words, without those of one role beside each other."""
        roles = self.roles_of(width)
        return ", ".join(_ROLES[role] for at, role in enumerate(roles) if role != roles[at - 1 : at])

    def places(self, width: int) -> tuple[int, int | tuple[int, int] | None]:
        """Return where such a row has its close and its time, from 0."""
        columns = self.time_column if isinstance(self.time_column, tuple) else (self.time_column,)
        places = [column - 1 for column in columns if isinstance(column, int)]
        time = (places[0], places[1]) if len(places) == 2 else next(iter(places), None)
        return self.roles_of(width).index(CLOSE), time

    def wrong_time(self, cells: Sequence[str]) -> tuple[int, str] | None:
        """Return where a row without a header has no time as this layout has it, from 0, and what it should be."""
        columns = self.time_column if isinstance(self.time_column, tuple) else (self.time_column,)
        for column, time in zip(columns, self.times, strict=False):
            if isinstance(column, int) and not re.fullmatch(time.pattern, cells[column - 1].strip()):
                return column - 1, time.words
        return None


FORMATS = {
    # Spot and futures. Times are in milliseconds, those of spot from 2025 on in microseconds. Spot has no header;
    # futures have had one since 2022.
    "binance": Format(
        source="https://github.com/binance/binance-public-data#klines",
        seen="2026-11-24",
        column=("close", 5),
        time_column=1,
        header="auto",
        delimiter=",",
        roles=("tohlcvvvvvvv",),
        times=(_MILLI_OR_MICROSECONDS,),
        key_pattern="{key}-[0-9]*-[0-9][0-9][0-9][0-9]-*",
    ),
    "kraken": Format(
        source="https://support.kraken.com/hc/en-us/articles/360047124832",
        seen="2026-11-24",
        column=5,
        time_column=1,
        header=False,
        delimiter=",",
        roles=("tohlcvv",),
        times=(_SECONDS,),
        key_pattern="{key}_[0-9]*.csv*",
    ),
    # The address of the site is above the header. The columns have changed over the years, their names have not.
    "cryptodatadownload": Format(
        source="https://www.cryptodatadownload.com/data/",
        seen="2026-11-24",
        column="close",
        time_column=None,
        newest_first=True,
    ),
    # The close comes before the high.
    "bitfinex": Format(
        source="https://docs.bitfinex.com/reference/rest-public-candles",
        seen="2026-11-24",
        column=("close", 3),
        time_column=1,
        header="auto",
        delimiter=",",
        roles=("tochlv",),
        times=(_MILLISECONDS,),
    ),
    "bitstamp": Format(
        source="https://www.kaggle.com/datasets/mczielinski/bitcoin-historical-data",
        seen="2026-11-24",
        column="close",
        time_column="timestamp",
    ),
    # The low and the high come before the open.
    "coinbase": Format(
        source="https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-candles",
        seen="2026-11-24",
        column=("close", 5),
        time_column=1,
        header="auto",
        delimiter=",",
        newest_first=True,
        roles=("tlhocv",),
        times=(_SECONDS,),
    ),
    "yahoo": Format(
        source="https://finance.yahoo.com, Historical Data, Download",
        seen="2026-11-24",
        column="close",
        time_column="date",
    ),
    "metatrader4": Format(
        source="MetaTrader 4, Tools, History Center, Export",
        seen="2026-11-24",
        column=6,
        time_column=(1, 2),
        header=False,
        delimiter=",",
        roles=("ttohlcv",),
        times=(
            Time(r"[0-9]{4}\.[0-9]{2}\.[0-9]{2}", "a date like 2024.12.31"),
            Time(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?", "a time like 23:59"),
        ),
    ),
    # Daily bars have a date and no time.
    "metatrader5": Format(
        source="MetaTrader 5, View, Symbols, Bars, Export Bars",
        seen="2026-11-24",
        column="close",
        time_column=None,
        delimiter="\t",
        key_pattern="{key}_[MHDW]*_[0-9]*_[0-9]*.csv",
    ),
    "histdata": Format(
        source="https://www.histdata.com/f-a-q/data-files-detailed-specification/",
        seen="2026-11-24",
        column=5,
        time_column=1,
        header=False,
        delimiter=";",
        roles=("tohlcv",),
        times=(Time(r"[0-9]{8} [0-9]{6}", "a date and a time like 20241231 235900"),),
        key_pattern="DAT_ASCII_{key}_M1_*",
    ),
    "polygon": Format(
        source="https://polygon.io/flat-files",
        seen="2026-11-24",
        column="close",
        time_column="window_start",
    ),
    "databento": Format(
        source="https://databento.com/docs/schemas-and-data-formats/ohlcv",
        seen="2026-11-24",
        column="close",
        time_column="ts_event",
    ),
    "okx": Format(
        source="https://docs.rs/rust-okx/latest/rust_okx/api/market/struct.Candle.html",
        seen="2026-12-01",
        column=5,
        time_column=1,
        header=False,
        delimiter=",",
        newest_first=True,
        roles=("tohlcvvvv",),
        times=(_MILLISECONDS,),
    ),
    "bybit": Format(
        source="https://bybit-exchange.github.io/docs/v5/market/kline",
        seen="2026-12-01",
        column=5,
        time_column=1,
        header=False,
        delimiter=",",
        newest_first=True,
        roles=("tohlcvv",),
        times=(_MILLISECONDS,),
    ),
    # The close comes before the high.
    "kucoin": Format(
        source="https://github.com/Kucoin/kucoin-universal-sdk, types_klines_event.go",
        seen="2026-12-01",
        column=("close", 3),
        time_column=1,
        header="auto",
        delimiter=",",
        newest_first=True,
        roles=("tochlvv",),
        times=(_SECONDS,),
    ),
    # The volume and the close come before the high. The volume of the base was added later, and then whether the candle
    # is closed.
    "gateio": Format(
        source="https://www.gate.io/en/article/21688",
        seen="2026-12-01",
        column=3,
        time_column=1,
        header=False,
        delimiter=",",
        roles=("tvchlo", "tvchlov", "tvchlovx"),
        times=(_SECONDS,),
    ),
    # Spot has eight columns, futures nine; the first one is called id.
    "htx": Format(
        source="https://github.com/hbdmapi/huobi_public_data#readme",
        seen="2026-12-01",
        column=("close", 5),
        time_column=1,
        header="auto",
        delimiter=",",
        roles=("tohlcvvv", "tohlcvvvv"),
        times=(_SECONDS,),
    ),
    "bitget": Format(
        source="https://www.bitget.com/api-doc/spot/market/Get-Candle-Data",
        seen="2026-12-01",
        column=5,
        time_column=1,
        header=False,
        delimiter=",",
        roles=("tohlcvvv",),
        times=(_MILLISECONDS,),
    ),
    "bitmex": Format(
        source="https://hfshr.github.io/bitmexr/reference/bucket_trades.html",
        seen="2026-12-01",
        column="close",
        time_column="timestamp",
    ),
    # "Gmt time" or "Local time".
    "dukascopy": Format(
        source="https://github.com/giuse88/duka/issues/44",
        seen="2026-12-01",
        column="close",
        time_column=None,
    ),
    # `pre_close` is the close of the day before.
    "tushare": Format(
        source="https://tushare.pro/wctapi/documents/27.md",
        seen="2026-12-01",
        column="close",
        time_column="trade_date",
        newest_first=True,
    ),
    "akshare": Format(
        source="https://qinglite.cn/doc/88656657116b7fd43",
        seen="2026-12-01",
        column="收盘",
        time_column="日期",
    ),
    "nse": Format(
        source="https://bhavtable.xyz/news/what-is-bhav-copy",
        seen="2026-12-01",
        column="close_price",
        time_column="date1",
    ),
    # In Polish; in English the names are those of Yahoo.
    "stooq": Format(
        source="https://stooq.pl/q/d/, download as CSV",
        seen="2026-12-01",
        column="zamkniecie",
        time_column="data",
    ),
    "alphavantage": Format(
        source="https://www.alphavantage.co/documentation/, datatype=csv",
        seen="2026-12-01",
        column="close",
        time_column="timestamp",
        newest_first=True,
    ),
    # Two lines of the names, and one with the name of the index.
    "yfinance": Format(
        source="https://github.com/ranaroussi/yfinance/issues/2269",
        seen="2026-12-01",
        column="close",
        time_column=None,
    ),
    # Annotations above the header of each table; the fields are columns after `pivot`.
    "influx": Format(
        source="https://docs.influxdata.com/influxdb/cloud/reference/syntax/annotated-csv/",
        seen="2026-12-01",
        column="close",
        time_column="_time",
        delimiter=",",
    ),
    # The header has one name for the date and the clock, which are two columns.
    "backtrader": Format(
        source="https://github.com/mementum/backtrader/blob/master/datas/2006-01-02-volume-min-001.txt",
        seen="2026-12-01",
        column="close",
        time_column=None,
        delimiter=",",
    ),
    # The header ends with a comma, the rows do not.
    "amibroker": Format(
        source="https://github.com/topofocus/arcade-time-graph#assigning-events",
        seen="2026-12-01",
        column="close",
        time_column="date/time",
        delimiter=",",
    ),
}


def table() -> str:
    """Return the formats as a table of plain text, a line each."""
    rows = [("format", "header", "close", "time", "delimiter", "order", "source")]
    rows += [
        (
            name,
            str(layout.header).lower(),
            _place(layout.column, " or "),
            _place(layout.time_column, " and ") or "by name",
            {None: "found", "\t": "tab"}.get(layout.delimiter, layout.delimiter or ""),
            "newest first" if layout.newest_first else "oldest first",
            layout.source,
        )
        for name, layout in FORMATS.items()
    ]
    return in_columns(rows)


def _place(column: Column | TimeColumn, between: str) -> str:
    if isinstance(column, tuple):
        return between.join(map(str, column))
    return "" if column is None else str(column)
