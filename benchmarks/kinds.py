"""The kinds of candle file that the benchmarks read: what one row looks like in each, and its close as an integer.

Every kind is the same random walk of `stream-signal candles`, written differently, because each way takes another path
through a parser. A kind is a generator: rows of the walk in, `(line, ticks)` out. `ticks` is the close times a power of
ten that is the same for the whole file, or None if it is missing: the truth is known before the text is written, and
does not depend on a parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Rows = Iterable[tuple[list[str], int]]  # the six fields of a candle, and its close in cents
    Lines = Iterator[tuple[str, int | None]]

HEADER = "timestamp,open,high,low,close,volume"
BINANCE_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_asset_volume,number_of_trades,taker_buy_base,"
    "taker_buy_quote,ignore"
)
CLOSE = 4  # its position among the fields
FIRST_CENTS = 4_228_300  # where the walk begins
RARE = 1000  # one row in this many is different


class Kind(NamedTuple):
    """One way to write candles."""

    lines: Callable[[Rows], Lines]
    header: str = HEADER
    newline: str = "\n"


def plain(rows: Rows) -> Lines:
    """Write two decimals, and five digits before the point: what `stream-signal candles` writes."""
    for fields, cents in rows:
        yield ",".join(fields), cents


def gaps(rows: Rows) -> Lines:
    """Leave out one close in a thousand."""
    for number, (fields, cents) in enumerate(rows):
        missing = number % RARE == RARE // 2
        yield _with_close(fields, "" if missing else fields[CLOSE]), None if missing else cents


def widths(rows: Rows) -> Lines:
    """Keep prices from 995.00 to 1005.00, so that the number of digits changes every few dozen rows."""
    for fields, cents in rows:
        price = 100_000 + _folded((cents - FIRST_CENTS) // 100, 500)
        yield _with_close(fields, _decimal(price, 2)), price


def mixed(rows: Rows) -> Lines:
    """Leave out trailing zeros, as a program that prints floats does: 134 beside 133.98 beside 133.9."""
    for fields, cents in rows:
        price = cents // 316
        yield _with_close(fields, _decimal(price, 2).rstrip("0").rstrip(".")), price


def negative(rows: Rows) -> Lines:
    """Keep prices on both sides of zero, as for spreads, or oil in April 2020."""
    for fields, cents in rows:
        price = _folded(cents - FIRST_CENTS, 20_000)
        yield _with_close(fields, _decimal(price, 2)), price


def wide(rows: Rows) -> Lines:
    """Write the twelve columns of a Binance archive: about 146 bytes a row, prices with eight decimals."""
    for number, (fields, cents) in enumerate(rows):
        opened = int(fields[0]) * 1000
        prices = ",".join(f"{price}000000" for price in fields[1:5])
        volume = fields[5]
        quote = f"{number % 997_331}.{number % 99_999_989:08}"
        line = f"{opened},{prices},{volume},{opened + 59_999},{quote},{number % 4999},{volume},{quote},0"
        yield line, cents


def eight_decimals(rows: Rows) -> Lines:
    """Price a coin in BTC: 0.04228300."""
    for fields, cents in rows:
        yield _with_close(fields, _decimal(cents, 8)), cents


def quoted(rows: Rows) -> Lines:
    """Put every field of every row in quotes."""
    for fields, cents in rows:
        yield '"' + '","'.join(fields) + '"', cents


def one_quoted(rows: Rows) -> Lines:
    """Put one field of every row in quotes: the timestamp, as spreadsheets and databases export it."""
    for fields, cents in rows:
        fields[0] = f'"{fields[0]}"'
        yield ",".join(fields), cents


def rare_quotes(rows: Rows) -> Lines:
    """Put one field of one row in a thousand in quotes."""
    for number, (fields, cents) in enumerate(rows):
        if number % RARE == RARE // 2:
            fields[0] = f'"{fields[0]}"'
        yield ",".join(fields), cents


def exponents(rows: Rows) -> Lines:
    """Write every close in scientific notation, as numpy.savetxt writes it: 4.228300e+04."""
    for fields, cents in rows:
        digits = str(cents)
        yield _with_close(fields, f"{digits[0]}.{digits[1:]}e+{len(digits) - 3:02}"), cents


def flat(rows: Rows) -> Lines:
    """Fill forward: nine rows in ten are minutes without a trade, which repeat the last close with volume 0."""
    close, held = "", 0
    for number, (fields, cents) in enumerate(rows):
        if number % 10 == 0:
            close, held = fields[CLOSE], cents
            yield ",".join(fields), held
        else:
            yield f"{fields[0]},{close},{close},{close},{close},0.00000000", held


KINDS: dict[str, Kind] = {
    "plain": Kind(plain),
    "gaps": Kind(gaps),
    "widths": Kind(widths),
    "mixed-decimals": Kind(mixed),
    "negative": Kind(negative),
    "crlf": Kind(plain, newline="\r\n"),
    "wide": Kind(wide, header=BINANCE_HEADER),
    "eight-decimals": Kind(eight_decimals),
    "quoted": Kind(quoted, header='"' + HEADER.replace(",", '","') + '"'),
    "one-quoted": Kind(one_quoted),
    "rare-quotes": Kind(rare_quotes),
    "exponents": Kind(exponents),
    "flat": Kind(flat),
}

# Files without a header, which need to be told where the close is: `--format binance`.
HEADLESS: dict[str, Kind] = {"klines": Kind(wide, header="")}


def _with_close(fields: list[str], close: str) -> str:
    fields[CLOSE] = close
    return ",".join(fields)


def _decimal(ticks: int, places: int) -> str:
    """Write `ticks / 10**places` with all its decimals."""
    digits = f"{abs(ticks):0{places + 1}}"
    return f"{'-' * (ticks < 0)}{digits[:-places]}.{digits[-places:]}"


def _folded(value: int, reach: int) -> int:
    """Fold a walk into -reach..reach, turning at both ends, so that it never leaves."""
    return abs((value + reach) % (4 * reach) - 2 * reach) - reach
