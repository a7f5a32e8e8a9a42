"""Decimal commas and thousands separators: the same closes, written in another way, give the same answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.ticks import Marks, parse_ticks
from support.candle_csv import HEADER, row
from support.strategies import close_lists, closes
from support.streams import by_blocks, lines_of, outcome

DECIMALS, THOUSANDS = ",.", (None, ",", ".", " ")
PAIRS = [(decimal, thousands) for decimal in DECIMALS for thousands in THOUSANDS if decimal != thousands]


def marked(close: str, decimal: str, thousands: str | None) -> str:
    """Write a plain close with other marks: its whole part in groups of three, if it begins with a digit from 1 on."""
    close = close.strip()
    if not close.lstrip("+-")[:1].isdigit() and not close.lstrip("+-").startswith("."):
        return close
    mantissa, e, exponent = close.partition("e") if "e" in close else close.partition("E")
    whole, point, part = mantissa.partition(".")
    sign, digits = whole[: len(whole) - len(whole.lstrip("+-"))], whole.lstrip("+-")
    if thousands and len(digits) > 3 and digits[0] != "0":
        first = len(digits) % 3 or 3
        digits = thousands.join([digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3))])
    return sign + digits + (decimal if point else "") + part + e + exponent


@given(closes, st.sampled_from(PAIRS))
def test_the_same_number(close: str, pair: tuple[str, str | None]) -> None:
    """A close in other marks is the number that it is with a point and without groups."""
    assert Marks(*pair).parse(marked(close, *pair).encode()) == parse_ticks(close.encode())


@given(st.text(",. 0123456789+-eEx", max_size=12), st.sampled_from(PAIRS))
def test_never_another_number(text: str, pair: tuple[str, str | None]) -> None:
    """What is read at all is written as `plain` says, and with the marks put back it is the same number again."""
    marks = Marks(*pair)
    try:
        ticks = marks.parse(text.encode())
    except ValueError:
        return
    plain = marks.plain(text.encode()).decode()
    assert parse_ticks(plain.encode()) == ticks
    assert marks.parse(marked(plain, *pair).encode()) == ticks
    groups = (
        text.strip().lstrip("+-").replace("E", "e").partition("e")[0].partition(pair[0])[0].split(pair[1] or "none")
    )
    is_indian = pair == (".", ",") and len(groups[-1]) == 3 and all(len(group) == 2 for group in groups[1:-1])
    assert len(groups) == 1 or all(len(group) == 3 for group in groups[1:]) or is_indian


@pytest.mark.parametrize("engine", [None, by_blocks(64), by_blocks(64 * 1024)], ids=["auto", "64", "65536"])
@given(drawn=close_lists, pair=st.sampled_from(PAIRS), form=st.sampled_from(["csv", "jsonl"]))
def test_the_same_answer(drawn: list[str], pair: tuple[str, str | None], form: str, engine: dict[str, Any]) -> None:
    """Files that differ in their marks alone have the same metrics and the same signal lines, in both engines."""
    decimal, thousands = pair
    settings: dict[str, Any] = {"decimal": decimal, "thousands": thousands, "window": 3}
    head = HEADER.replace(",", "|")
    plain = head + "".join(row(number, close.strip(), "|") + "\n" for number, close in enumerate(drawn))
    other = head + "".join(row(number, marked(close, *pair), "|") + "\n" for number, close in enumerate(drawn))
    assert outcome([other.encode()], engine, **settings) == outcome([plain.encode()], window=3)
    assert lines_of([other.encode()], form, engine, **settings) == lines_of([plain.encode()], form, window=3)


@pytest.mark.parametrize(
    ("decimal", "thousands", "text", "expected"),
    [
        (",", None, b"42.5", "a number with decimal ','"),
        (",", None, b"x", "a number with decimal ','"),
        (",", ".", b"1.2", "a number with decimal ',' and thousands '.'"),
        (",", " ", b"x", "a number with decimal ',' and thousands ' '"),
        (".", ",", b"1,23", "a number with thousands ','"),
        (".", " ", b"\t42", "a number with thousands ' '"),
        (".", ",", b"X1,234", "a number with thousands ','"),
    ],
)
def test_what_was_expected(decimal: str, thousands: str | None, text: bytes, expected: str) -> None:
    """What is no number with these marks is refused, and the error says which marks were expected."""
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Marks(decimal, thousands).parse(text)


def test_spaces_between_groups() -> None:
    """A space, and each of those that stand between groups in print, may separate groups; a point alone is no group."""
    for space in (" ", "\N{NO-BREAK SPACE}", "\N{THIN SPACE}", "\N{NARROW NO-BREAK SPACE}"):
        assert Marks(thousands=" ").parse(f"42{space}004.66".encode()) == (4200466, 2)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("$101.50", "101.50"),
        ("-$101.50", "-101.50"),
        ("$-101.50", "-101.50"),
        ("\u2212101.50", "-101.50"),
        ("HK$ 101.50", "101.50"),
        ("\u20b91,30,102.80", "130102.80"),
        ("101.50 USD", "101.50"),
        ("EUR 101.50", "101.50"),
        ("1e-7 BTC", "1e-7"),
        ("0.05USDT", "0.05"),
        ("42,004.66", "42004.66"),
        ("1,234,567.8", "1234567.8"),
        ("1,30,102.80", "130102.80"),
        ("12,34,56,789.1 INR", "123456789.1"),
    ],
)
def test_one_meaning(text: str, plain: str) -> None:
    """A currency, the minus of Unicode, and commas before the one point need no setting."""
    assert Marks().parse(text.encode()) == parse_ticks(plain.encode())
    assert lines_of([f'close\n1\n"{text}"\n'.encode()], window=1) == lines_of(
        [f"close\n1\n{plain}\n".encode()], window=1
    )


@pytest.mark.parametrize(
    "text",
    [
        *("42,004", "42.004,66", "1,2,345.6", "1,300,30,102.80", "0,123.4", "1,23.4", "42,004.66,1", "1.5,000.2"),
        *(
            "(37.63)",
            "37.63-",
            "$(37.63)",
            "--5",
            "-$-5",
            "+\u22125",
            "$5 USD",
            "5 VOL",
            "5 %",
            "USD",
            "$",
            "5 usd",
            "5E",
            "\u22121-",
        ),
    ],
)
def test_no_one_meaning(text: str) -> None:
    """What could be two numbers, or none, is refused without a setting."""
    with pytest.raises(ValueError, match="a decimal number"):
        Marks().parse(text.encode())


@pytest.mark.parametrize("engine", [None, by_blocks(64)], ids=["auto", "64"])
@given(drawn=close_lists, write=st.sampled_from(["${}", "{} USD", "({})", "{}-"]))
def test_marks_of_accountants(drawn: list[str], write: str, engine: dict[str, Any]) -> None:
    """Files whose closes have a currency, or another sign of negative ones, have the answer of plain ones."""
    numbers = [(close.strip(), parse_ticks(close.encode())) for close in drawn]
    negative = {"(": "parentheses", "-": "trailing"}.get(write[0] if write[0] == "(" else write[-1], "sign")
    other = [
        write.format(close.lstrip("-" if negative != "sign" else ""))
        if ticks and "$" not in write[0] * (close[0] in "+-") and (negative == "sign" or close[0] == "-")
        else close
        for close, ticks in numbers
    ]
    plain = "close\n" + "".join(f"{close}\n" for close, _ in numbers)
    text = "close\n" + "".join(f"{close}\n" for close in other)
    assert outcome([text.encode()], engine, negative=negative, window=3) == outcome([plain.encode()], window=3)
