"""RollingMean and the numbers under it."""

from __future__ import annotations

import decimal
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.oracle import means
from support.strategies import odd_numbers, plain_prices, windows

from stream_signal import RollingMean
from stream_signal.core.ticks import parse_ticks, ticks_of

numbers = st.one_of(
    st.none(),
    st.integers(-(10**25), 10**25),
    st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9),
    st.floats(-1e15, 1e15),
    st.sampled_from([0.1, 0.2, 0.3, 0.30000000000000004]),
)


def exactly(value: float | Decimal | None) -> Fraction | None:
    """Give the decimal number that a value stands for."""
    return None if value is None else Fraction(repr(value) if isinstance(value, float) else value)


@settings(deadline=None)
@given(st.lists(numbers, max_size=60), windows)
def test_get_is_the_exact_mean(values: list[float | Decimal | None], window: int) -> None:
    """After every update, `get` is the exact mean rounded once, and count and ready tell how full the window is."""
    mean = RollingMean(window)
    run = 0
    for value, expected in zip(values, means([exactly(value) for value in values], window), strict=True):
        mean.update(value)
        run = 0 if value is None else run + 1
        assert mean.get() == (None if expected is None else float(expected))
        assert (mean.count, mean.ready) == (min(run, window), run >= window)
    assert mean.window == window


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


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity"), Decimal("1e400")])
def test_no_number(value: float | Decimal) -> None:
    """NaN, infinities and numbers beyond 400 digits are refused, and the mean stays as it was."""
    mean = RollingMean(1)
    mean.update(3)
    with pytest.raises(ValueError, match=r"^expected a decimal number"):
        mean.update(value)
    assert mean.get() == 3.0


@pytest.mark.parametrize("value", [True, "1.5", b"1", Fraction(1, 3), 1j])
def test_no_number_type(value: object) -> None:
    """Other types are refused by name."""
    with pytest.raises(TypeError, match=r"^expected an int, a Decimal or a float, found (a )?\w+$"):
        RollingMean(1).update(value)  # type: ignore[arg-type]


def test_window_refused() -> None:
    """A window is an int of at least 1."""
    for window in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            RollingMean(window)
    for wrong in (True, 5.0, "5"):
        with pytest.raises(TypeError, match="expected an int"):
            RollingMean(wrong)  # type: ignore[arg-type]


def test_a_mean_beyond_the_floats() -> None:
    """A mean that no float64 can hold is an OverflowError, not an infinity."""
    mean = RollingMean(1)
    mean.update(10**400)
    with pytest.raises(OverflowError):
        mean.get()
