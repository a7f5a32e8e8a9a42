"""The decimals that an array of floats stands for, proven without text."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_signal.core.blocks.decimals import most_ticks, to_ticks

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAN = float("nan")
TYPES = {np.float16: 11, np.float32: 24, np.float64: 53}


def read(values: NDArray[Any], places: int = 1) -> tuple[NDArray[np.float64], int, list[int]]:
    """Return the ticks, their places, and the positions that are not proven."""
    ticks = np.full(len(values), 1e300)
    with np.errstate(all="ignore"):
        found = to_ticks(values, places, ticks, np.empty(len(values)))
    assert (np.isnan(ticks) == np.isnan(values)).all()
    assert (found.missing is None) == (not np.isnan(values).any())
    proven = ~np.isnan(values)
    proven[found.unproven] = False
    assert np.abs(ticks[proven]).max(initial=0) <= found.largest
    return ticks, found.places, found.unproven


@given(st.data(), st.sampled_from(sorted(TYPES, key=TYPES.__getitem__)), st.integers(1, 4))
def test_what_is_proven_is_the_shortest_form(data: st.DataObject, kind: type[Any], places: int) -> None:
    """Each value is proven to be what NumPy and Python print, or left; whatever its size, type and neighbours."""
    bits = TYPES[kind]
    near_the_limit = st.builds(
        lambda digits, places: digits / 10**places, st.integers(-(2 ** (bits + 3)), 2 ** (bits + 3)), st.integers(0, 25)
    )
    anything = st.floats(width=16) | st.floats(width=32) | st.floats()
    prices = st.integers(-(10**7), 10**7).map(lambda cents: cents / 100)
    drawn = data.draw(st.lists(st.one_of(near_the_limit, near_the_limit, prices, anything), max_size=30))
    with np.errstate(all="ignore"):
        values = np.array(drawn, kind)
    ticks, places, unproven = read(values, places)
    for at, value in enumerate(values):
        if not np.isnan(value) and at not in unproven:
            assert Fraction(int(ticks[at]), 10**places) == Fraction(str(value))


@pytest.mark.parametrize(("kind", "places"), [(np.float32, 1), (np.float32, 2), (np.float32, 5), (np.float16, 1)])
def test_every_narrow_float_up_to_the_limit(kind: type[Any], places: int) -> None:
    """Up to the limit each decimal of so many places has a float of its own, and each of them is proven."""
    most = int(most_ticks(places, TYPES[kind]))
    for first in range(max(most - 2_000_000, 0), most + 1, 500_000):
        wanted = np.arange(first, min(first + 500_000, most + 1))
        ticks, found, unproven = read((wanted / 10**places).astype(kind), places)
        assert (found, unproven) == (places, [])
        assert (ticks == wanted).all()


@pytest.mark.parametrize("places", [1, 2, 8, 15, 22])
def test_float64_up_to_half_the_limit(places: int) -> None:
    """float64 values of so many places are proven, at the least up to half of the limit."""
    most = int(most_ticks(places, 53)) // 2
    wanted = np.random.default_rng(places).integers(-most, most, 10_000)
    values = np.array([float(Fraction(tick, 10**places)) for tick in wanted.tolist()])
    ticks, found, unproven = read(values, places)
    assert (found, unproven) == (places, [])
    assert (ticks == wanted).all()


def test_two_decimals_that_share_a_float() -> None:
    """Above the limit of float32 several decimals round to one float, so no arithmetic proves which is meant."""
    values = np.array([131072.01, 131071.99], np.float32)
    assert np.float32(131072.01) == np.float32(131072.015)
    assert read(values, 2)[2] == [0]


def test_as_few_places_as_will_do() -> None:
    """The places are those of the value that needs most, and one that nothing proves does not add any."""
    assert read(np.array([1.5, 2.0]))[1] == 1
    assert read(np.array([1.5, 2.25, 1e-7]))[1:] == (7, [])
    assert read(np.array([1.5, 0.1 + 0.2, 2.25]))[1:] == (2, [1])


def test_one_value_spoils_nothing() -> None:
    """A tiny value among large ones is left, and so is a large one among those of many places."""
    assert read(np.array([42004.66, 1e-20, 42004.67]))[1:] == (2, [1])
    assert read(np.array([42004.66, 1e-20, 42004.67]), 20)[1:] == (2, [1])
    assert read(np.array([0.12345678, 1e14 + 0.5, 42.12345678]))[1:] == (8, [1])
    assert read(np.array([1e14 + 0.5, NAN, 1e14 - 0.5]), 8)[1:] == (1, [])
