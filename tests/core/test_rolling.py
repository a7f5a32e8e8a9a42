"""RollingMean and the numbers under it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
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


@pytest.mark.parametrize(
    "value", [float("inf"), np.float32("inf"), Decimal("sNaN"), Decimal("-Infinity"), Decimal("1e400")]
)
def test_no_number(value: float | Decimal) -> None:
    """Infinities, signalling NaN and numbers beyond 400 digits are refused, and the mean stays as it was."""
    mean = RollingMean(1)
    mean.update(3)
    with pytest.raises(ValueError, match=r"^expected a decimal number"):
        mean.update(value)
    assert mean.get() == 3.0


@pytest.mark.parametrize(
    "value", [float("nan"), -float("nan"), np.float64("nan"), np.float32("nan"), Decimal("NaN"), Decimal("-NaN7")]
)
def test_a_missing_value(value: float | Decimal) -> None:
    """NaN of any kind is a missing value, as None is."""
    mean = RollingMean(2)
    for number in (1, 2, value, 4):
        mean.update(number)
    assert (mean.count, mean.get()) == (1, None)
    mean.update(6)
    assert mean.get() == 5.0


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_numpy_floats(number: float) -> None:
    """A float32 stands for its shortest decimal form, not for the float64 next to it; so do all precisions."""
    for value in (np.float32(number), np.array(number, np.float32), np.float16(number % 60000), np.longdouble(number)):
        mean = RollingMean(np.int64(1))  # type: ignore[arg-type]
        mean.update(value)  # type: ignore[arg-type]
        assert mean.get() == float(Fraction(str(value)))


def test_numpy_floats_that_print_fewer_digits() -> None:
    """Print options of NumPy that round a number are found out."""
    with np.printoptions(legacy="1.13"), pytest.raises(ValueError, match="set NumPy's print options back"):
        RollingMean(1).update(np.float32(16777.217))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (True, ""),
        (np.True_, ""),
        (Fraction(1, 3), ""),
        (1j, ""),
        (np.datetime64("2024-01-01"), ""),
        ("1.5", ": a number as text becomes a Decimal"),
        (b"1", ": a number as text becomes a Decimal"),
        (np.array([1.5]), ": give its values one by one"),
        ([1.5], ": give its values one by one"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_number_type(value: object, advice: str) -> None:
    """Other types are refused by name, with what to use instead."""
    with pytest.raises(TypeError) as refused:
        RollingMean(1).update(value)  # type: ignore[arg-type]
    expected = "expected an int, a Decimal or a float, or for a missing value None or NaN"
    assert str(refused.value) == f"{expected}, found {type(value).__name__}{advice}"


def test_window_refused() -> None:
    """A window is an int of at least 1."""
    for window in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            RollingMean(window)
    assert RollingMean(np.int64(5)).window == 5  # type: ignore[arg-type]
    for wrong in (True, np.True_, 5.0, np.float32(5), "5"):
        with pytest.raises(TypeError, match=f"expected an int for the window, found {type(wrong).__name__}$"):
            RollingMean(wrong)  # type: ignore[arg-type]


def test_a_mean_beyond_the_floats() -> None:
    """A mean that no float64 can hold is an OverflowError, not an infinity."""
    mean = RollingMean(1)
    mean.update(10**400)
    with pytest.raises(OverflowError):
        mean.get()
