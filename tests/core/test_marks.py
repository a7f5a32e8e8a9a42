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
    assert len(groups) == 1 or all(len(group) == 3 for group in groups[1:])


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
