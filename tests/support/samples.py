"""A sample of the layout of each known source: made here, line by line as its files have them, not copied from any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from stream_signal.core.formats import FORMATS
from support.candle_csv import FIRST_TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Callable


class Sample(NamedTuple):
    """A layout: `line` writes a candle, given its Unix time in seconds and its close; the other prices never rise."""

    name: str
    format: str
    head: str
    line: Callable[[int, str], str]
    time: Callable[[int], str]
    step: int = 60
    """seconds between two candles"""

    def file(self, closes: list[str]) -> bytes:
        """Make a file of these closes, given oldest first; its rows come in the order of its source."""
        seconds = range(FIRST_TIMESTAMP, FIRST_TIMESTAMP + self.step * len(closes), self.step)
        lines = [self.line(second, close) + self.line_end for second, close in zip(seconds, closes, strict=True)]
        if FORMATS[self.format].newest_first:
            lines.reverse()
        return (self.head + "".join(lines)).encode()

    @property
    def line_end(self) -> str:
        """That of the head, if it has one."""
        return "\r\n" if "\r\n" in self.head else "\n"


def at(form: str) -> Callable[[int], str]:
    """Write times in a form of strftime."""
    return lambda second: (datetime.fromtimestamp(0, UTC) + timedelta(seconds=second)).strftime(form)


ISO = at("%Y-%m-%dT%H:%M:%S.000Z")
DAY, DOTTED, CLOCK = at("%Y-%m-%d"), at("%Y.%m.%d"), at("%H:%M")
KLINES = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


def _kline(second: int, close: str, unit: int) -> str:
    return f"{second * unit},9.0,9.5,8.5,{close},1.5,{(second + 60) * unit - 1},13.5,7,0.5,4.5,0"


def _span(close: str) -> str:
    """Write a high and a low that hold an open of 9 and a close; no close of the samples reads as another number."""
    return f"{max(9.0, float(close or 9))},{min(9.0, float(close or 9))}"


SAMPLES = [
    Sample("binance spot", "binance", "", lambda second, close: _kline(second, close, 10**3), lambda s: f"{s}000"),
    Sample(
        "binance spot since 2025",
        "binance",
        "",
        lambda second, close: _kline(second, close, 10**6),
        lambda s: f"{s}000000",
    ),
    Sample(
        "binance futures",
        "binance",
        KLINES + "\n",
        lambda second, close: _kline(second, close, 10**3),
        lambda s: f"{s}000",
    ),
    Sample("kraken", "kraken", "", lambda second, close: f"{second},9.0,9.5,8.5,{close},1.5,7", str),
    Sample(
        "cryptodatadownload",
        "cryptodatadownload",
        "https://www.CryptoDataDownload.com\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n",
        lambda second, close: f"{second},{at('%Y-%m-%d %H:%M:%S')(second)},BTC/USD,9.0,9.5,8.5,{close},1.5,13.5",
        str,
    ),
    Sample(
        "cryptodatadownload until 2020",
        "cryptodatadownload",
        "https://www.CryptoDataDownload.com\r\nDate,Symbol,Open,High,Low,Close,Volume BTC,Volume USD\r\n",
        lambda second, close: f"{at('%Y-%m-%d %I-%p')(second)},BTCUSD,9.0,9.5,8.5,{close},1.5,13.5",
        at("%Y-%m-%d %I-%p"),
        step=3600,
    ),
    Sample(
        "bitfinex", "bitfinex", "", lambda second, close: f"{second}000,9.0,{close},9.5,8.5,1.5", lambda s: f"{s}000"
    ),
    Sample(
        "bitfinex with a header",
        "bitfinex",
        "time,open,close,high,low,volume\n",
        lambda second, close: f"{second}000,9.0,{close},9.5,8.5,1.5",
        lambda s: f"{s}000",
    ),
    Sample(
        "bitstamp",
        "bitstamp",
        "Timestamp,Open,High,Low,Close,Volume\n",
        lambda second, close: f"{second}.0,9.0,9.5,8.5,{close},1.5",
        lambda s: f"{s}.0",
    ),
    Sample(
        "bitstamp until 2021",
        "bitstamp",
        "Timestamp,Open,High,Low,Close,Volume_(BTC),Volume_(Currency),Weighted_Price\n",
        lambda second, close: f"{second},9.0,9.5,8.5,{close},1.5,13.5,9.0",
        str,
    ),
    Sample("coinbase", "coinbase", "", lambda second, close: f"{second},8.5,9.5,9.0,{close},1.5", str),
    Sample(
        "coinbase with a header",
        "coinbase",
        "time,low,high,open,close,volume\n",
        lambda second, close: f"{second},8.5,9.5,9.0,{close},1.5",
        str,
    ),
    Sample(
        "yahoo",
        "yahoo",
        "Date,Open,High,Low,Close,Adj Close,Volume\n",
        lambda second, close: f"{DAY(second)},9.0,9.5,8.5,{close},9.0,15",
        DAY,
        step=86_400,
    ),
    Sample(
        "metatrader4",
        "metatrader4",
        "",
        lambda second, close: f"{DOTTED(second)},{CLOCK(second)},9.0,9.5,8.5,{close},45",
        at("%Y.%m.%d %H:%M"),
    ),
    Sample(
        "metatrader5",
        "metatrader5",
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n",
        lambda second, close: f"{DOTTED(second)}\t{at('%H:%M:%S')(second)}\t9.0\t9.5\t8.5\t{close}\t45\t0\t7",
        at("%Y.%m.%d %H:%M:%S"),
    ),
    Sample(
        "histdata",
        "histdata",
        "",
        lambda second, close: f"{at('%Y%m%d %H%M%S')(second)};9.0;9.5;8.5;{close};0",
        at("%Y%m%d %H%M%S"),
    ),
    Sample(
        "polygon",
        "polygon",
        "ticker,volume,open,close,high,low,window_start,transactions\n",
        lambda second, close: f"X:BTC-USD,1.5,9.0,{close},9.5,8.5,{second}000000000,7",
        lambda s: f"{s}000000000",
    ),
    Sample(
        "databento",
        "databento",
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n",
        lambda second, close: f"{second}000000000,33,2,38,9000000000,9500000000,8500000000,{close},15,ESH4",
        lambda s: f"{s}000000000",
    ),
    Sample(
        "databento with readable times",
        "databento",
        "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n",
        lambda second, close: f"{at('%Y-%m-%dT%H:%M:%S')(second)}.000000000Z,33,2,38,9.0,9.5,8.5,{close},15,ESH4",
        lambda s: at("%Y-%m-%dT%H:%M:%S")(s) + ".000000000Z",
    ),
    Sample(
        "okx",
        "okx",
        "",
        lambda second, close: f"{second}000,9.0,9.5,8.5,{close},1.5,13.5,13.5,1",
        lambda s: f"{s}000",
    ),
    Sample(
        "bybit", "bybit", "", lambda second, close: f"{second}000,9.0,9.5,8.5,{close},1.5,13.5", lambda s: f"{s}000"
    ),
    Sample("kucoin", "kucoin", "", lambda second, close: f"{second},9.0,{close},9.5,8.5,1.5,13.5", str),
    Sample(
        "kucoin with a header",
        "kucoin",
        "time,open,close,high,low,volume,turnover\n",
        lambda second, close: f"{second},9.0,{close},9.5,8.5,1.5,13.5",
        str,
    ),
    Sample("gateio", "gateio", "", lambda second, close: f"{second},13.5,{close},9.5,8.5,9.0", str),
    Sample(
        "gateio with both volumes", "gateio", "", lambda second, close: f"{second},13.5,{close},9.5,8.5,9.0,1.5", str
    ),
    Sample(
        "gateio with both volumes, and whether the candle is closed",
        "gateio",
        "",
        lambda second, close: f"{second},13.5,{close},9.5,8.5,9.0,1.5,true",
        str,
    ),
    Sample("htx", "htx", "", lambda second, close: f"{second},9.0,9.5,8.5,{close},1.35E1,1.5,7", str),
    Sample("htx futures", "htx", "", lambda second, close: f"{second},9.0,9.5,8.5,{close},15,1.5,7,13.5", str),
    Sample(
        "htx with a header",
        "htx",
        "id,open,high,low,close,vol,amount,count\n",
        lambda second, close: f"{second},9.0,9.5,8.5,{close},13.5,1.5,7",
        str,
    ),
    Sample(
        "bitget",
        "bitget",
        "",
        lambda second, close: f"{second}000,9.0,9.5,8.5,{close},1.5,13.5,13.5",
        lambda s: f"{s}000",
    ),
    Sample(
        "bitmex",
        "bitmex",
        "timestamp,symbol,open,high,low,close,trades,volume,vwap,lastSize,turnover,homeNotional,foreignNotional\n",
        lambda second, close: f"{ISO(second)},XBTUSD,9.0,9.5,8.5,{close},7,135,9.0,10,150000000,1.5,135",
        ISO,
    ),
    Sample(
        "dukascopy",
        "dukascopy",
        "Gmt time,Open,High,Low,Close,Volume\n",
        lambda second, close: f"{at('%d.%m.%Y %H:%M:%S.000')(second)},9.0,9.5,8.5,{close},1.5",
        at("%d.%m.%Y %H:%M:%S.000"),
    ),
    Sample(
        "tushare",
        "tushare",
        ",ts_code,trade_date,open,high,low,close,pre_close,change,pct_chg,vol,amount\n",
        lambda second, close: (
            f"{second % 97},000001.SZ,{at('%Y%m%d')(second)},9.0,9.5,8.5,{close},9.0,0.1,1.1,15.0,13.5"
        ),
        at("%Y%m%d"),
        step=86_400,
    ),
    Sample(
        "akshare",
        "akshare",
        "日期,股票代码,开盘,收盘,最高,最低,成交量,成交额,振幅,涨跌幅,涨跌额,换手率\n",
        lambda second, close: f"{DAY(second)},000001,9.0,{close},9.5,8.5,15,135.0,11.1,1.1,0.1,0.2",
        DAY,
        step=86_400,
    ),
    Sample(
        "nse",
        "nse",
        "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE\n",
        lambda second, close: f"ABC, EQ, {at('%d-%b-%Y')(second)}, 9.0, 9.0, 9.5, 8.5, 9.1, {close}, 9.05",
        at("%d-%b-%Y"),
        step=86_400,
    ),
    Sample(
        "stooq",
        "stooq",
        "Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen\n",
        lambda second, close: f"{DAY(second)},9.0,9.5,8.5,{close},15",
        DAY,
        step=86_400,
    ),
    Sample(
        "alphavantage",
        "alphavantage",
        "timestamp,open,high,low,close,volume\n",
        lambda second, close: f"{at('%Y-%m-%d %H:%M:%S')(second)},9.0,9.5,8.5,{close},15",
        at("%Y-%m-%d %H:%M:%S"),
    ),
    Sample(
        "yfinance",
        "yfinance",
        "Price,Close,High,Low,Open,Volume\nTicker,ABC,ABC,ABC,ABC,ABC\nDate,,,,,\n",
        lambda second, close: f"{DAY(second)},{close},9.5,8.5,9.0,15",
        DAY,
        step=86_400,
    ),
    Sample(
        "yfinance of minutes",
        "yfinance",
        "Price,Adj Close,Close,High,Low,Open,Volume\nTicker,ABC,ABC,ABC,ABC,ABC,ABC\nDatetime,,,,,,\n",
        lambda second, close: f"{at('%Y-%m-%d %H:%M:%S+00:00')(second)},9.0,{close},9.5,8.5,9.0,15",
        at("%Y-%m-%d %H:%M:%S+00:00"),
    ),
    Sample(
        "influx",
        "influx",
        "#group,false,false,true,true,false,false,true\r\n"
        "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string\r\n"
        "#default,_result,,,,,,\r\n"
        ",result,table,_start,_stop,_time,close,symbol\r\n",
        lambda second, close: f",,0,2023-11-14T00:00:00Z,2023-11-16T00:00:00Z,{ISO(second)},{close},ABC",
        ISO,
    ),
    Sample(
        "backtrader",
        "backtrader",
        "Date,Open,High,Low,Close,Volume,OpenInterest\n",
        lambda second, close: f"{at('%Y-%m-%d,%H:%M:%S')(second)},9.0,{_span(close)},{close},15,0",
        at("%Y-%m-%d %H:%M:%S"),
    ),
    Sample(
        "amibroker",
        "amibroker",
        "Ticker,Date/Time,Open,High,Low,Close,Volume,Open Interest,\r\n",
        lambda second, close: f"ABC,{at('%d-%m-%Y %H:%M:%S')(second)},9.0,9.5,8.5,{close},15,0",
        at("%d-%m-%Y %H:%M:%S"),
    ),
]
