"""RollingMean and the numbers under it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal import RollingMean
from support.oracle import means
from support.strategies import windows

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
