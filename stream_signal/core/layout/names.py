"""Names of columns: as they are compared, without case, accents and marks, and those of the columns of times.

Light, because every job imports it. A name proposes; what the cells say is in `times`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Names of a column that has a date and a clock, of one that has a date, and of one that has a clock beside a date.
_MOMENT_NAMES = (
    *("timestamp", "datetime", "date time", "unix", "unix timestamp", "unix time", "epoch", "open time", "time open"),
    *("gmt time", "local time", "utc time", "utc", "bar time", "candle time", "kline time", "kline open time"),
    *("candle begin time", "start time", "start at", "begin time", "time start", "window start", "period start"),
    *("time period start", "bucket", "ts", "ts event", "event time", "trade time", "exchange time", "snapped at"),
    *("created at", "date and time", "date/time", "time stamp", "datetime open", "quote time"),
    *("日期时间", "交易时间", "时间戳", "开盘时间", "日期時間", "日時", "日付時刻", "일시", "날짜시간", "체결시간"),
    *("дата и время", "дата/время", "время открытия", "datum/zeit", "datum und uhrzeit", "zeitstempel", "zeitpunkt"),
    *("fecha y hora", "fecha/hora", "data/ora", "data e ora", "data e hora", "data/hora", "date et heure"),
    *("date/heure", "horodatage", "tarih saat", "tarih/saat", "zaman damgasi", "data i czas", "datum a čas"),
    *("datum en tijd", "tijdstip", "thời gian", "tanggal waktu", "วันเวลา"),
)
_DATE_NAMES = (
    *("date", "trade date", "trading date", "trading day", "trade day", "dtyyyymmdd", "yyyymmdd", "traddt", "date1"),
    *("exchange date", "business date", "biz date", "quote date", "pricing date", "session date", "price date", "dt"),
    *("as of date", "effective date", "kdate", "caldt", "datadate"),
    *(
        "日期",
        "交易日期",
        "交易日",
        "成交日期",
        "日付",
        "年月日",
        "取引日",
        "날짜",
        "일자",
        "거래일",
        "거래일자",
        "ngày",
    ),
    *("дата", "дата торгов", "дата торгів", "datum", "handelstag", "börsentag", "fecha", "data", "data pregão"),
    *("jour", "date de cotation", "tarih", "işlem tarihi", "data sesji", "datum obchodu", "dato", "päivä", "dátum"),
    *("tanggal", "วันที่", "ημερομηνία", "ngay", "islem tarihi", "data pregao", "borsentag"),
)
_CLOCK_NAMES = (
    *("time", "clock", "time of day", "hhmmss", "hour", "时间", "時間", "時刻"),
    *("成交时间", "시간", "시각", "время", "час", "zeit", "uhrzeit", "hora", "heure", "ora", "orario", "saat", "zaman"),
    *("godzina", "czas", "čas", "tijd", "giờ", "waktu", "jam", "klokkeslett", "เวลา", "ώρα", "gio", "cas"),
)
# Names that are taken only if the cells are dates, or numbers of the size of a time.
_WEAK_NAMES = ("t", "d", "day", "start", "begin", "from", "index", "period", "month", "minute", "at")
_TABLES = (_MOMENT_NAMES, _DATE_NAMES, _CLOCK_NAMES, _WEAK_NAMES)
DATE, CLOCK, WEAK, UNKNOWN, NAMELESS = range(1, 6)  # the ranks of names that are not in the first table
# The names of the column of the time, those that say most first.
TIME_NAMES = tuple(name for table in _TABLES for name in table)

# What a name may end with: a zone or a unit.
_ENDINGS = ("utc", "gmt", "local", "unix", "iso", "ms", "us", "ns", "est", "et", "cet")


def plain(name: str) -> str:
    """Return a name without case, accents, marks, a number before it, and what is in brackets.

    >>> plain("<CLOSE>"), plain("4. close"), plain("Close/Last"), plain("Clôture"), plain("Close (USD)")
    ('close', 'close', 'closelast', 'cloture', 'close')
    """
    if not name.isascii():
        from unicodedata import normalize

        name = normalize("NFKC", name).casefold().replace("\u0131", "i")
    name = name.casefold()
    if "(" in name or "[" in name:
        name = re.sub(r"\(.*?\)|\[.*?\]", "", name)
    if "." in name:
        name = re.sub(r"^\s*[0-9]+[a-z]?\. *", "", name)
    if not name.isascii():
        name = normalize("NFKD", name)
    return "".join(mark for mark in name if mark.isalnum())


def is_time_name(name: str) -> bool:
    """Whether a column of that name has times, for all that the name says.

    >>> is_time_name("Trade_Date"), is_time_name("timestamp_ms"), is_time_name("Zeitpunkt"), is_time_name("Close")
    (True, True, True, False)
    """
    return rank_of(name) < UNKNOWN


def named_time(names: Sequence[str]) -> int | tuple[int, int] | None:
    """Return where the time is by the names alone: the first known one, or a date and a clock if there is no other.

    A name such as `index` or `t` is not enough: a counter may be called so.

    >>> named_time(["Open", "Date"]), named_time(["<DATE>", "<TIME>"]), named_time(["date", "time", "unix"])
    (1, (0, 1), 2)
    >>> named_time(["index", "close"]) is None
    True
    """
    return next((at for at in positions_by_name(names) if not isinstance(at, int) or rank_of(names[at]) < WEAK), None)


def rank_of(name: str) -> int:
    """Return the number of the table that has a name, or the part of it behind a point."""
    known = _ranks(is_ascii=name.isascii())
    for text in (plain(name), plain(name.replace(":", ".").rpartition(".")[2])):
        for stem in (text, *(text.removesuffix(ending) for ending in _ENDINGS if text.endswith(ending))):
            if stem in known:
                return known[stem]
    return UNKNOWN


@cache
def _ranks(*, is_ascii: bool) -> dict[str, int]:
    """Return the ranks of the names, of which those in other scripts take a millisecond to fold."""
    ranked = [(name, rank) for rank, table in enumerate(_TABLES) for name in table if name.isascii() or not is_ascii]
    folded = plain if not is_ascii else _without_marks
    return {folded(name): rank for name, rank in reversed(ranked)}


def _without_marks(name: str) -> str:
    return name.replace(" ", "").replace("/", "")


def positions_by_name(names: Sequence[str]) -> list[int | tuple[int, int]]:
    """Return the positions of times that the names propose, likeliest first."""
    ranks = [rank_of(name) for name in names]
    known = [at for at, rank in enumerate(ranks) if rank < WEAK]
    proposed: list[int | tuple[int, int]] = list(known)
    if DATE in ranks and CLOCK in ranks:
        apart = ranks.index(DATE), ranks.index(CLOCK)
        others = [at for at in known if at not in apart]
        proposed = [*others, apart, *apart]
    return [*proposed, *(at for at, rank in enumerate(ranks) if rank == WEAK)]
