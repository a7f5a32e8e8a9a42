"""Closes as exact integers: what the grammar takes, and no more."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stream_signal.core.ticks import integer, parse_ticks, ticks_of
from support.commands import run_command
from support.strategies import odd_numbers, plain_prices

if TYPE_CHECKING:
    from pathlib import Path


@given(st.one_of(plain_prices, odd_numbers))
def test_parse_is_exact(text: str) -> None:
    """A close is the decimal number that is written."""
    parsed = parse_ticks(text.encode())
    assert parsed is not None
    assert Fraction(parsed[0], 10 ** parsed[1]) == Fraction(text)


@given(st.text(st.sampled_from("0123456789+-.eE_ xn\u0661"), max_size=8))
def test_parse_takes_no_more_than_the_grammar(text: str) -> None:
    """What Decimal cannot read is refused, and so is what only Decimal reads: `1_0`, other alphabets' digits."""
    only_decimal = "_" in text or not text.isascii()
    try:
        number = Decimal("?" if only_decimal else text.strip(" ") or "nan")
        assume(number.is_nan() or -380 < number.as_tuple().exponent < 380)  # type: ignore[operator]
        expected = None if number.is_nan() else Fraction(number)
    except decimal.InvalidOperation:
        with pytest.raises(ValueError, match="a decimal number"):
            parse_ticks(text.encode())
    else:
        parsed = parse_ticks(text.encode())
        assert (parsed and Fraction(parsed[0], 10 ** parsed[1])) == expected


def test_numpy_numbers() -> None:
    """NumPy's own numbers stand for what they show."""
    assert ticks_of(np.float64(0.1)) == (1, 1)
    assert ticks_of(np.int64(7)) == (7, 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        (b"15e000000000000", (15, 0)),
        (b"1.5e-0000000001", (15, 2)),
        (b"1.5E+0000000001", (15, 0)),
        (b"1e399", (10**399, 0)),
        (b"1e-400", (1, 400)),
        (b"1e400", None),
        (b"1e-401", None),
        (b"1e+9999999999", None),
        (b"1e-9999999999", None),
    ],
)
def test_a_long_exponent(text: bytes, parsed: tuple[int, int] | None) -> None:
    """An exponent of many zeros is read; one that writes out to more than 400 digits is refused, never computed."""
    if parsed:
        assert parse_ticks(text) == parsed
    else:
        with pytest.raises(ValueError, match="a decimal number of at most 400 digits"):
            parse_ticks(text)


@pytest.mark.parametrize("text", [b"\tnan", b"Xnan", b"1" * 201 + b"." + b"1" * 200])
def test_no_close(text: bytes) -> None:
    """Only spaces may stand around a missing close, and 400 digits are the most, wherever the point is among them."""
    with pytest.raises(ValueError, match="decimal number"):
        parse_ticks(text)


def test_no_bool_is_an_integer() -> None:
    """A bool of Python or of NumPy is refused, one that Python takes for an index, as NumPy 2.0 lets it, included."""

    class Flag:
        dtype = np.dtype(bool)

        def __index__(self) -> int:
            return 1

    for value in (True, np.True_):
        with pytest.raises(TypeError):
            integer(value)
    with pytest.raises(TypeError, match=r"^a bool$"):
        integer(Flag())


def test_a_hostile_close_is_refused_at_once(folder: Path) -> None:
    """A close of 128 KiB that fails at its last byte is refused at once, not once for each way to read it."""
    for close in ("1e" + "0" * 130_000 + "x", "1" * 130_000 + "x", "0." + "1" * 130_000 + "x"):
        done = run_command(stdin=f"close\n1\n{close}\n".encode(), cwd=folder)
        assert done.record["error_message"].startswith("line 3: expected a decimal number")
