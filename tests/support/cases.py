"""One table of cases: bytes, settings, and the answer or the error. Each runs through every input."""

from __future__ import annotations

from typing import Any, NamedTuple

from support.candle_csv import HEADER, candle_csv, row

# Window 5: the means from row 5 on are 4.584, 4.588 and 4.594, and each of the three closes is above its own.
CLOSES = ["4.58", "4.58", "4.59", "4.57", "4.60", "4.60", "4.61"]
PLAIN = candle_csv(CLOSES).decode()
DATA = PLAIN.encode()
# Its metrics, without the latency.
SUCCESS = {
    "version": "v1",
    "rows_processed": 7,
    "metric": "signal_rate",
    "value": 3 / 7,
    "seed": 42,
    "status": "success",
}
NUMBERS = "expected a decimal number in column 'close', found "


class Case(NamedTuple):
    """A run: `answer` is (rows, signals), or the whole text of the error."""

    name: str
    data: bytes
    answer: tuple[int, int] | str
    settings: dict[str, Any] = {}  # noqa: RUF012 - never changed


def _good(name: str, text: str | bytes, answer: tuple[int, int] = (7, 3), **settings: Any) -> Case:
    return Case(name, text if isinstance(text, bytes) else text.encode(), answer, settings)


def _bad(name: str, text: str | bytes, message: str, **settings: Any) -> Case:
    return Case(name, text if isinstance(text, bytes) else text.encode(), message, settings)


def _close(close: str, message: str) -> Case:
    text = PLAIN + row(7, close) + "\n" + row(8, "4.6") + "\n"
    return _bad(f"close {close[:20]!r}", text, f"line 9: {message}")


QUOTED = "".join(",".join(f'"{field}"' for field in line.split(",")) + "\n" for line in PLAIN.splitlines())

DIALECTS = [
    _good("plain", PLAIN),
    _good("byte order mark", "\ufeff" + PLAIN),
    _good("CRLF", PLAIN.replace("\n", "\r\n")),
    _good("LF and CRLF by turns", PLAIN.replace("4.58,1.5\n", "4.58,1.5\r\n")),
    _good("no last newline", PLAIN[:-1]),
    _good("no last newline, CR left", PLAIN.replace("\n", "\r\n")[:-1]),
    _good("blank lines", "\n\r\n" + PLAIN.replace("\n", "\n\n\r\n")),
    _good("semicolon", PLAIN.replace(",", ";")),
    _good("tab", PLAIN.replace(",", "\t")),
    _good("bar", PLAIN.replace(",", "|")),
    _good("delimiter set", PLAIN.replace(",", ";"), delimiter=";"),
    _good("upper case", PLAIN.replace("close", "CLOSE")),
    _good("angle brackets", PLAIN.replace("close", "<CLOSE>")),
    _good("spaces", PLAIN.replace(",", " , ")),
    _good("every field quoted", QUOTED),
    _good("every field quoted, CRLF", QUOTED.replace("\n", "\r\n")),
    _good("every field quoted, byte order mark", "\ufeff" + QUOTED),
    _good("a comma in quotes", PLAIN.replace("1.5\n", '"1,5"\n')),
    _good("doubled quotes", PLAIN.replace("1.5\n", '"the ""big"" one"\n')),
    _good("a newline in quotes", PLAIN.replace("1.5\n", '"a\nb"\n')),
    _good("CRLF in quotes", PLAIN.replace("1.5\n", '"a\r\n\r\nb"\r\n')),
    _good("the header in quotes", PLAIN.replace("1.5\n", f'"\n{HEADER}"\n')),
    _good("a quote within a field", PLAIN.replace("1.5\n", '5" disk\n')),
    _good("bytes that are no UTF-8 elsewhere", PLAIN.replace("1.5", "XX").encode().replace(b"XX", b"\xff\x00")),
    _good("one line above the header", "https://www.CryptoDataDownload.com\n" + PLAIN),
    _good("five lines above the header", "a\nb,c\n# close\n1,2,3\n\nlast\n" + PLAIN),
    _good("close_time and Adj Close", PLAIN.replace("volume", "close_time").replace("timestamp", "Adj Close")),
    _good("the header again", PLAIN + HEADER),
    _good("two files concatenated", PLAIN + PLAIN, (14, 6)),
    _good("two files concatenated, each with a byte order mark", ("\ufeff" + PLAIN) * 2, (14, 6)),
    _good("the header again with CRLF", PLAIN + HEADER.replace("\n", "\r\n")),
    _good("close in the first column", "close,x\n1,a\n2,b\n3,c\n", (3, 2), window=2),
    _good("close in the last column, CRLF", "x,close\r\na,1\r\nb,2\r\nc,\r\n", (3, 1), window=2),
    _good("close alone", "close\n1\n2\n\n3\n", (3, 2), window=2),
    _good("close alone, missing in quotes", 'close\n1\n2\n""\n3\n4\n', (5, 2), window=2),
    _good("another column", PLAIN.replace("close", "Price"), column="price"),
    _good("a column by number", PLAIN.replace("close", "Price"), column=5),
    _good("two of the name, by number", PLAIN.replace("open", "Close"), column=5),
    _good("no header", candle_csv(CLOSES, header=False), column=5, header=False),
    _good("no header, byte order mark", b"\xef\xbb\xbf" + candle_csv(CLOSES, header=False), column=5, header=False),
    _good("no header, semicolon", candle_csv(CLOSES, ";", header=False), column=5, header=False),
    _good("no header, quoted", QUOTED.partition("\n")[2], column=5, header=False),
    _good("no header, decimal comma beside", "a;1,5;4.5\nb;1,6;4.6\n", (2, 1), column=3, header=False, window=2),
]

NUMBER_FORMS = [
    _good("window 1", PLAIN, (7, 0), window=1),
    _good("window as long as the data", PLAIN, (7, 1), window=7),
    _good("window longer than the data", PLAIN, (7, 0), window=8),
    _good("a tie is no signal", candle_csv(["4.58"] * 20), (20, 0), window=3),
    _good("a tie of unlike places", candle_csv(["0.1", "0.10", "1e-1", "+.1", "100E-3"]), (5, 0), window=2),
    _good("tenths", candle_csv(["0.1", "0.2", "0.3"]), (3, 2), window=2),
    _good("a tie that floats miss", candle_csv(["0.1", "0.3", "0.2"]), (3, 0), window=3),
    _good("negative", candle_csv(["-3", "-2", "-1.5", "-9"]), (4, 2), window=2),
    _good("beyond int64", candle_csv(["9223372036854775807", "9223372036854775808"] * 3), (6, 3), window=2),
    _good("thirty digits", candle_csv([f"{10**29 + n}.5" for n in range(4)]), (4, 3), window=2),
    _good("points at the ends", candle_csv(["5.", ".5", "6."]), (3, 1), window=2),
    _good("minus nought", candle_csv(["-0", "0", "-0.0"]), (3, 0), window=2),
    _good("400 digits", candle_csv(["1" * 400, "1e399", "0." + "1" * 399]), (3, 0), window=2),
    _good("places that grow", candle_csv(["1", "1.1", "1.11", "1.111"]), (4, 3), window=2),
    _good(
        "missing closes",
        candle_csv(["1", "2", "", "4", "5", "NaN", "na", "N/A", "NULL", "none", " ", "1", "2"]),
        (13, 3),
        window=2,
    ),
    _good("only missing closes", candle_csv([""] * 5), (5, 0)),
    _good(
        "bad rows as missing",
        candle_csv(["1", "2", "x", "4", "5"]) + b"9,9\n1,2,3,4,5",
        (7, 2),
        window=2,
        bad_rows="missing",
    ),
    _good("a wrong quote as missing", candle_csv(["1", '"2"x', "3", "4"]), (4, 1), window=2, bad_rows="missing"),
]

ERRORS = [
    _bad("empty", "", "expected at least one row, found an empty input"),
    _bad("blank lines alone", "\n\n\r\n", "expected at least one row, found an empty input"),
    _bad("a byte order mark alone", "\ufeff", "expected at least one row, found an empty input"),
    _bad("only a header", HEADER, "expected at least one row, found only a header"),
    _bad("no such column", "timestamp,open\n1,2\n", "Missing required column: 'close'"),
    _bad("no such name", PLAIN, "Missing required column: 'Price'", column="Price"),
    _bad("no such number", PLAIN, "Missing required column: 7", column=7),
    _bad("six lines above the header", "a\nb\nc\nd\ne\nf\n" + PLAIN, "Missing required column: 'close'"),
    _bad(
        "two of the name",
        PLAIN.replace("open", " <Close>"),
        "line 1: expected one column 'close', "
        "found '<Close>' (column 2) and 'close' (column 5); set `column` to the number of one",
    ),
    _bad(
        "two delimiters",
        "close;close2,close\n1;2,3\n",
        "line 1: expected one delimiter that gives the column, found ',' and ';'; set `delimiter`",
    ),
    _bad(
        "numbers where a header should be",
        candle_csv(CLOSES, header=False),
        "line 1: expected a header, found '4.58' in column 5; set `header: false` if there is none",
        column=5,
    ),
    _bad(
        "a header where there should be none",
        PLAIN,
        "line 1: expected a decimal number in column 5, found 'close'",
        column=5,
        header=False,
    ),
    _bad(
        "no header, two delimiters",
        "1;2;x,3,4\n",
        "line 1: expected one delimiter that gives the column, found ',' and ';'; set `delimiter`",
        column=2,
        header=False,
    ),
    _bad(
        "no header, a decimal comma",
        "a;1,5\n",
        "line 1: expected one delimiter that gives the column, found ',' and ';'; set `delimiter`",
        column=2,
        header=False,
    ),
    _bad(
        "no header, too few fields",
        "1;2\n",
        "line 1: expected a row with a column 3, found '1;2'",
        column=3,
        header=False,
    ),
    _bad("lz4", b"\x04\x22\x4d\x18\x64", "line 1: expected CSV in UTF-8, found an lz4 file"),
    _bad("UTF-16", PLAIN.encode("utf-16"), "line 1: expected CSV in UTF-8, found UTF-16 text"),
    _bad("binary", b"a\x00b\n", "line 1: expected CSV in UTF-8, found binary data: 'a\\x00b'"),
    _bad("a torn last line", PLAIN[:-9], "line 8: expected 6 fields, found 5"),
    _bad("thousands unquoted", PLAIN + row(7, "42,004.66"), "line 9: expected 6 fields, found 7"),
    _bad("a wide row", PLAIN + "1,2,3,4,5,6,7\n", "line 9: expected 6 fields, found 7"),
    _bad("one column, two fields", "close\n1\n1,2\n", "line 3: expected 1 field, found 2"),
    _bad("another header", PLAIN + HEADER.replace("open", "Open"), f"line 9: {NUMBERS}'close'"),
    _bad("no newline between two files", PLAIN[:-1] + PLAIN, "line 8: expected 6 fields, found 11"),
    _bad("an open quote", PLAIN + '1,2,3,4,"5,6\n', "line 9: expected a closing quote, found the end of the data"),
    _bad(
        "an open quote, bad rows as missing",
        PLAIN + '1,2,3,4,"5,6\n',
        "line 9: expected a closing quote, found the end of the data",
        bad_rows="missing",
    ),
    _bad(
        "text after a quote",
        PLAIN + '1,2,3,4,"5"x,6\n',
        "line 9: expected a row of CSV, found '1,2,3,4,\"5\"x,6' (',' expected after '\"')",
    ),
    _bad("a newline in the close", PLAIN + '1,2,3,4,"5\n6",6\n', f"line 9: {NUMBERS}'5\\n6'"),
    _bad("the line after a record of two", PLAIN + '1,2,3,4,5,"\n"\n1,2\n', "line 11: expected 6 fields, found 2"),
    _bad(
        "an endless line", PLAIN + "x" * 131_073, "line 9: expected a line of at most 131072 bytes, found a longer one"
    ),
    _bad(
        "an endless line that ends",
        PLAIN + "x" * 131_073 + "\n",
        "line 9: expected a line of at most 131072 bytes, found a longer one",
    ),
    _bad(
        "an endless quote",
        PLAIN + '1,2,3,4,5,"' + "x\n" * 70_000,
        "line 9: expected a line of at most 131072 bytes, found a longer one",
    ),
    _bad("the longest line", PLAIN + "x" * 131_072, "line 9: expected 6 fields, found 1"),
    _close("abc", NUMBERS + "'abc'"),
    _close("1_000", NUMBERS + "'1_000'"),
    _close("0x10", NUMBERS + "'0x10'"),
    _close("1.2.3", NUMBERS + "'1.2.3'"),
    _close("--1", NUMBERS + "'--1'"),
    _close("1e", NUMBERS + "'1e'"),
    _close("1e+", NUMBERS + "'1e+'"),
    _close("inf", NUMBERS + "'inf'"),
    _close("-inf", NUMBERS + "'-inf'"),
    _close("1 2", NUMBERS + "'1 2'"),
    _close("- 1", NUMBERS + "'- 1'"),
    _close("\u0661", NUMBERS + "'\u0661'"),
    _close("e5", NUMBERS + "'e5'"),
    _close(".", NUMBERS + "'.'"),
    _close("+", NUMBERS + "'+'"),
    _close("-", NUMBERS + "'-'"),
    _close("1 %", NUMBERS + "'1 %'"),
    _close("y" * 1000, NUMBERS + f"'{'y' * 60}...'"),
    _close("1e999999999", "expected a decimal number of at most 400 digits in column 'close', found '1e999999999'"),
    _close("1e-999999999", "expected a decimal number of at most 400 digits in column 'close', found '1e-999999999'"),
    _close("1e400", "expected a decimal number of at most 400 digits in column 'close', found '1e400'"),
    _close("1" * 401, f"expected a decimal number of at most 400 digits in column 'close', found '{'1' * 60}...'"),
]


def _marked(text: str) -> bytes:
    """Make a file of two columns, separated by semicolons, of closes separated by bars."""
    return ("date;close\n" + "".join(f"{at};{close}\n" for at, close in enumerate(text.split("|")))).encode()


COMMA: dict[str, Any] = {"decimal": ",", "window": 2}
GROUPED: dict[str, Any] = {"thousands": ",", "window": 2}
BOTH: dict[str, Any] = {"decimal": ",", "thousands": ".", "window": 2}
SPACED: dict[str, Any] = {"decimal": ",", "thousands": "space", "window": 2}
WITH_COMMA = "expected a number with decimal ',' in column 'close', found "
WITH_GROUPS = "expected a number with thousands ',' in column 'close', found "
WITH_BOTH = "expected a number with decimal ',' and thousands '.' in column 'close', found "

MARKS = [
    _good("decimal comma", _marked("42004,66|42004,67|,5|5,|-1,5e1|7"), (6, 3), **COMMA),
    _good("decimal comma, spaces", _marked(" 1,5|1,6 "), (2, 1), **COMMA),
    _good("decimal comma, a tie", _marked("0,10|0,1"), (2, 0), **COMMA),
    _good("decimal comma, missing closes", _marked("1|2||N/A|null|1|2"), (7, 2), **COMMA),
    _good("decimal comma, a comma between fields", 'x,close\n1,"4,5"\n2,"4,6"\n3,5\n', (3, 2), **COMMA),
    _good("decimal comma, no header", "a;4,5\nb;4,6\n", (2, 1), **COMMA, column=2, header=False),
    _good("decimal comma, no header, quoted", '"a","4,5"\n"b","4,6"\n', (2, 1), **COMMA, column=2, header=False),
    _good("thousands", _marked("42,004.66|42,004.67|1,234,567|999|1234567.5"), (5, 3), **GROUPED),
    _good("thousands in quotes", 'close,x\n"42,004.66",1\n"-1,000",2\n"1,000e3",3\n', (3, 1), **GROUPED),
    _good("thousands and a decimal comma", _marked("42.004,66|42.004,67|42004,68|999|1.000"), (5, 3), **BOTH),
    _good("spaces", _marked("42 004,66|42\u00a0004,67|42\u202f004,68|42\u2009004,69| 1 000 "), (5, 3), **SPACED),
    _good("thousands, by name none", _marked("1|2"), (2, 1), thousands="none", window=2),
    _good("decimal comma, bad rows as missing", _marked("1|2|4.5|3|4"), (5, 2), **COMMA, bad_rows="missing"),
    _bad("decimal comma, a point", _marked("1|2|42004.66"), f"line 4: {WITH_COMMA}'42004.66'", **COMMA),
    _bad("decimal comma, two", _marked("1|2|1,2,3"), f"line 4: {WITH_COMMA}'1,2,3'", **COMMA),
    _bad("decimal comma, unquoted", "x,close\n1,4,5\n", "line 2: expected 2 fields, found 3", **COMMA),
    _bad(
        "decimal comma, too many digits",
        _marked("1|2|1e999"),
        "line 4: expected a number with decimal ',' of at most 400 digits in column 'close', found '1e999'",
        **COMMA,
    ),
    *(
        _bad(f"thousands, {close}", _marked(f"1|2|{close}"), f"line 4: {WITH_GROUPS}'{close}'", **GROUPED)
        for close in (
            "1,23",
            "1,2345",
            "1234,567",
            "12,34,567",
            ",123",
            "1,",
            "0,123",
            "01,234",
            "1,234.567,8",
            "1,,234",
        )
    ),
    *(
        _bad(
            f"thousands and a decimal comma, {close}", _marked(f"1|2|{close}"), f"line 4: {WITH_BOTH}'{close}'", **BOTH
        )
        for close in ("1.23", "42.004.66", "42,004.66", "4,2.004", "1.234,5.6")
    ),
    _bad(
        "spaces, too few digits",
        _marked("1|2|1 23"),
        "line 4: expected a number with decimal ',' and thousands ' ' in column 'close', found '1 23'",
        **SPACED,
    ),
    _bad(
        "decimal comma where a header should be",
        "1;4,5\n",
        "line 1: expected a header, found '4,5' in column 2; set `header: false` if there is none",
        **COMMA,
        column=2,
        delimiter=";",
    ),
]

AUTO: dict[str, Any] = {"header": "auto", "column": ("close", 5)}
BY_NUMBER: dict[str, Any] = {"header": "auto", "column": 5}
HEADLESS = candle_csv(CLOSES, header=False)

FIRST_LINES = [
    _good("auto, a header", PLAIN, **AUTO),
    _good("auto, a header, one column more", "id," + PLAIN.replace("\n", "\n7,").removesuffix("7,"), **AUTO),
    _good("auto, a row", HEADLESS, **AUTO),
    _good("auto, blank lines and a row", b"\n\r\n" + HEADLESS, **AUTO),
    _good("auto, a byte order mark and a row", b"\xef\xbb\xbf" + HEADLESS, **AUTO),
    _good("auto, a row without a close", candle_csv(["", *CLOSES], header=False), (8, 3), **AUTO),
    _good("auto, a header after rows", HEADLESS + PLAIN.encode(), (14, 6), **AUTO),
    _good("auto, a header, then rows without", PLAIN.encode() + HEADLESS, (14, 6), **AUTO),
    _good("auto, a decimal comma", HEADLESS.replace(b",", b";").replace(b".", b","), **AUTO, decimal=","),
    _good("auto by name, a preamble and a header", "a\nb\n" + PLAIN, header="auto"),
    _good("auto by number, a header", PLAIN.replace("close", "Price"), **BY_NUMBER),
    _good("auto by number, a row", HEADLESS, **BY_NUMBER),
    _bad("auto by name, a row", HEADLESS, "Missing required column: 'close'", header="auto"),
    _bad("auto, too few fields", "1,2,3\n", "line 1: expected a row with a column 5, found '1,2,3'", **AUTO),
    _bad(
        "auto, another header",
        PLAIN.replace("close", "Price"),
        "line 1: expected a header with the column 'close', or a row with a close in column 5, "
        "found 'timestamp,open,high,low,Price,volume'",
        **AUTO,
    ),
    _bad(
        "auto, a preamble",
        "a\n" + PLAIN,
        "line 1: expected a row with a column 5, found 'a'",
        **AUTO,
    ),
    _bad(
        "auto, nothing to tell",
        "a,b,c,d,,f\n" + PLAIN,
        "line 1: expected a header, or a row with a number in it, found 'a,b,c,d,,f'; set `header`",
        **AUTO,
    ),
    _bad(
        "auto, a bad row",
        HEADLESS + b"1,2,3,4,x,6\n",
        "line 8: expected a decimal number in column 5, found 'x'",
        **AUTO,
    ),
    _bad(
        "auto, a header of other columns after rows",
        HEADLESS + b"close,b,c,d,e,f\n",
        "line 8: expected a decimal number in column 5, found 'e'",
        **AUTO,
    ),
    _bad(
        "no header, a name and a number",
        PLAIN,
        "line 1: expected a decimal number in column 5, found 'close'",
        header=False,
        column=("close", 5),
    ),
    _good("no header, a name and a number, rows", HEADLESS, header=False, column=("close", 5)),
    _good("a header, a name and a number", PLAIN, column=("close", 2)),
]

CASES = [*DIALECTS, *NUMBER_FORMS, *ERRORS, *MARKS, *FIRST_LINES]
