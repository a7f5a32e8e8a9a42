"""Arrays pushed into a rolling mean, against fractions and against one update after the other."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stream_signal import Config, Observer, RollingMean, Row, SignalStream
from stream_signal.core.blocks import arrays
from stream_signal.core.blocks.array_like import closes_of
from stream_signal.core.blocks.arrays import push_array
from stream_signal.core.limits import Tuning
from support.candle_csv import candle_csv
from support.oracle import means as exact_means
from support.strategies import cuts, windows
from support.streams import BY_ROWS, by_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NAN = float("nan")
SIZES = {"whole": Tuning(), "pieces": Tuning(piece_values=7, longest_in_floats=4)}


class Mean(RollingMean):
    """A rolling mean that takes arrays in pieces of the size that is tested."""

    tuning = Tuning()

    def update_many(self, values: object, *, means: bool = False) -> Any:
        """Take an array of values."""
        return push_array(self, closes_of(values), means=means, tuning=self.tuning)


def signals(values: object, window: int, *, means: bool = False) -> Any:
    """Return the signals of an array, as `stream_signal.signals` does."""
    return Mean(window).update_many(values, means=means)


@pytest.fixture(params=list(SIZES.values()), ids=list(SIZES), scope="module", autouse=True)
def _pieces(request: pytest.FixtureRequest) -> Iterator[None]:
    """Push each array as a whole and in small pieces, where a window may be longer than a piece."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Mean, "tuning", request.param)
        yield


two_places = st.integers(4_200_000, 4_200_009).map(lambda cents: cents / 100)
ties = st.sampled_from([4.58, 4.59, 4.57, 4.6, 0.1, 0.2, 0.3, -0.1, -0.0])
dirty = st.sampled_from([0.1 + 0.2, 42004.659999999996, 1e-7, 5e-324, 1e15, 1e16, 1e22, 123456789012345.6, -1e300])
FLOATS: dict[str, st.SearchStrategy[float]] = {
    "two places": two_places,
    "ties": ties,
    "gaps": st.one_of(two_places, two_places, st.just(NAN)),
    "dirty": st.one_of(*[two_places] * 8, dirty),
    "mixed": st.one_of(ties, dirty, st.just(NAN), st.floats(allow_infinity=False)),
    "any": st.floats(allow_infinity=False),
    "computed": st.integers(1, 4).map(lambda cents: cents / 100 * 1.1),
    "computed, with gaps": st.one_of(*[st.floats(1e3, 1e5)] * 8, st.just(NAN)),
}
INTEGERS: dict[str, st.SearchStrategy[int]] = {
    "small": st.integers(-9, 9),
    "near float64": st.integers(2**53 // 5 - 9, 2**53 // 5 + 9),
    "near int64": st.integers(2**63 // 5 - 9, 2**63 // 5 + 9),
    "int64": st.integers(-(2**63), 2**63 - 1),
}


@st.composite
def float_arrays(draw: st.DrawFn, kinds: tuple[type[Any], ...] = (np.float64, np.float32, np.float16)) -> NDArray[Any]:
    """Draw an array of floats: runs of one kind of value after another."""
    runs = draw(st.lists(st.sampled_from(sorted(FLOATS)), min_size=1, max_size=3))
    drawn = [value for run in runs for value in draw(st.lists(FLOATS[run], max_size=25))]
    with np.errstate(all="ignore"):
        values = np.array(drawn, np.float64).astype(draw(st.sampled_from(kinds)))
    values[np.isinf(values)] = NAN
    return values


@st.composite
def integer_arrays(draw: st.DrawFn) -> NDArray[Any]:
    """Draw an array of integers, in a type that holds them."""
    drawn = draw(st.lists(INTEGERS[draw(st.sampled_from(sorted(INTEGERS)))], max_size=40))
    kinds: list[Any] = [np.int8, np.uint8, np.int32, np.int64, np.uint64]
    fitting = [kind for kind in kinds if all(np.iinfo(kind).min <= value <= np.iinfo(kind).max for value in drawn)]
    return np.array(drawn, draw(st.sampled_from(fitting)))


def exactly(values: NDArray[Any]) -> list[Fraction | None]:
    """Give the decimal numbers that the values stand for."""
    return [None if value != value else Fraction(str(value)) for value in values]  # noqa: PLR0124 - NaN


def expected(values: list[Fraction | None], window: int) -> tuple[list[bool], list[float | None]]:
    """Compute the signals and the means with fractions."""
    found = exact_means(values, window)
    above = [value is not None and mean is not None and value > mean for value, mean in zip(values, found, strict=True)]
    return above, [None if mean is None else float(mean) for mean in found]


def as_lists(found: tuple[NDArray[np.bool_], NDArray[np.float64]]) -> tuple[list[bool], list[float | None]]:
    """Give what `signals` returned in Python's types, with None for NaN."""
    above, means = found
    assert (above.dtype.name, means.dtype.name) == ("bool", "float64")
    return above.tolist(), [None if mean != mean else mean for mean in means.tolist()]  # noqa: PLR0124 - NaN


def state(mean: RollingMean) -> tuple[list[int], int, int]:
    """Give the values held, oldest first, their sum and their scale."""
    return mean.values(), mean.total, mean.places


@given(float_arrays(), windows)
def test_floats(values: NDArray[Any], window: int) -> None:
    """Each signal and each mean is that of fractions, for floats of any type, as they print."""
    before = values.copy()
    wanted = expected(exactly(values), window)
    assert as_lists(signals(values, window, means=True)) == wanted
    assert signals(values, window).tolist() == wanted[0]
    assert np.array_equal(values, before, equal_nan=True)


@example([2, 3, 3, 1, 1, 2, 1], 5)
@given(st.lists(st.integers(1, 4), max_size=60), windows)
def test_computed_floats(cents: list[int], window: int) -> None:
    """Where float64 rounds a sum that ties, or nearly so, the decimals decide."""
    values = np.array(cents) / 100 * 1.1
    assert signals(values, window).tolist() == expected(exactly(values), window)[0]


@given(integer_arrays(), windows)
def test_integers(values: NDArray[Any], window: int) -> None:
    """So it is for integers of any type, up to the largest."""
    assert as_lists(signals(values, window, means=True)) == expected(exactly(values), window)


@given(integer_arrays(), windows, st.randoms(use_true_random=False))
def test_integers_with_nulls(values: NDArray[Any], window: int, rng: Any) -> None:
    """Integers with nulls are exact too: what is masked is missing."""
    mask = [rng.random() < 0.2 for _ in values]
    wanted: list[Fraction | None] = [
        None if hidden else value for value, hidden in zip(exactly(values), mask, strict=True)
    ]
    assert as_lists(signals(np.ma.array(values, mask=mask), window, means=True)) == expected(wanted, window)


@given(float_arrays() | integer_arrays(), windows, st.data())
def test_update_many_is_update(values: NDArray[Any], window: int, data: st.DataObject) -> None:
    """Cut at random between update and update_many, the state, the signals and the means are those of update alone."""
    reference, mean = Mean(window), Mean(window)
    places = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=5)))
    for start, end in zip([0, *places], [*places, len(values)], strict=True):
        one_by_one = [(push_one(reference, value), reference.get()) for value in values[start:end]]
        if data.draw(st.booleans()):
            found = as_lists(mean.update_many(values[start:end], means=True))
            assert list(zip(*found, strict=True)) == one_by_one
        else:
            for value in values[start:end]:
                mean.update(value)
        assert state(mean) == state(reference)
        assert (mean.count, mean.ready, mean.get()) == (reference.count, reference.ready, reference.get())


def push_one(mean: RollingMean, value: Any) -> bool:
    """Update with one value; return whether it signals."""
    mean.update(value)
    return mean.ready and mean.values()[-1] * mean.window > mean.total


class Signals(Observer):
    """Collects what a stream shows of each row."""

    def __init__(self) -> None:
        self.above: list[bool] = []
        self.means: list[float | None] = []

    def row(self, row: Row) -> None:
        self.above.append(row.above)
        self.means.append(row.mean)


@given(float_arrays((np.float64,)), windows, st.data())
def test_a_stream_agrees(values: NDArray[np.float64], window: int, data: st.DataObject) -> None:
    """SignalStream finds the same, with either engine, in a file in which the floats are written as they print."""
    values = values[np.isnan(values) | (np.abs(values) < 1e290)]  # longer numbers are refused in a file
    pieces = data.draw(cuts(candle_csv([repr(value) for value in values.tolist()])))
    for engine in (BY_ROWS, by_blocks(256)):
        seen = Signals()
        stream = SignalStream(Config(window=window), [seen], **engine)
        for piece in pieces:
            stream.feed(piece)
        if len(values):
            stream.finish()
        found = as_lists(signals(values, window, means=True))
        assert found == (seen.above, seen.means)
        assert stream.signals == sum(found[0])


@pytest.mark.parametrize("window", [1, 2, 5, 20, 60, 250, 9000])
def test_prices_of_two_decimals(window: int) -> None:
    """A long walk of prices has the signals of its cents, and the means of exact division."""
    cents = 4_200_000 + np.cumsum(np.random.default_rng(window).integers(-2, 3, 20_000))
    above, means = signals(cents / 100, window, means=True)
    sums = np.convolve(cents, np.ones(window, np.int64), "valid")
    assert not above[: window - 1].any()
    assert (above[window - 1 :] == (cents[window - 1 :] * window > sums)).all()
    assert means[window - 1 :].tolist() == [total / (100 * window) for total in sums.tolist()]
    assert np.isnan(means[: window - 1]).all()


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_prices_are_read_without_text(kind: type[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes it fast: not one price of two decimals is turned into text, gaps or none."""
    monkeypatch.setattr(arrays, "ticks_of", None)
    cents = np.arange(4_200_000, 4_201_000)
    values = (cents / 100).astype(kind)
    assert signals(values, 5).sum() > 0
    if values.dtype.kind == "f":
        values[::10] = NAN
        assert signals(values, 5).sum() > 0


def test_one_dirty_value_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """One value with 17 digits slows down its piece; those after it are counted in floats again."""
    values = np.arange(4_200_000, 4_201_000) / 100
    values[3] = 42000.030000000001 - 1e-11
    mean = Mean(4)
    mean.update_many(values[:500])
    assert mean.places > 2
    monkeypatch.setattr(arrays, "push_closes", None)
    assert mean.update_many(values[500:]).all()
    assert mean.get() == float(sum(Fraction(str(value)) for value in values[-4:]) / 4)


def test_no_sum_wraps_around() -> None:
    """Sums that do not fit into int64, or into the integers of float64, are counted in Python's."""
    for largest in (2**53 - 1, 2**53 + 1, 2**63 - 1):
        above, means = signals(np.array([largest - 1] * 9 + [largest]), 10, means=True)
        assert above.tolist() == [False] * 9 + [True]
        assert means[-1] == (largest * 10 - 9) / 10


@pytest.mark.parametrize(
    "parts",
    [
        ([2**53 - 1], [2]),  # the sum is no float64
        ([4.58, 4.5801], [4.59, 4.6]),  # more places in the window than in the array
        ([4.5801, 4.58], [4.59, 4.6]),
        ([4.58], [4.5801, 4.6]),
        ([2**53 - 1], [4.59, 4.6]),
        ([10**30], [4.59, 4.6, 4.61]),
    ],
)
def test_what_the_window_holds_counts(parts: tuple[list[float], ...]) -> None:
    """What came before has its part in each sum, however large it is and however many places it has."""
    reference, mean = Mean(2), Mean(2)
    for part in parts:
        found = as_lists(mean.update_many(np.array(part) if max(part) < 2**63 else part, means=True))
        assert list(zip(*found, strict=True)) == [(push_one(reference, value), reference.get()) for value in part]
        assert state(mean) == state(reference)


def test_small_means_are_rounded_once() -> None:
    """A mean is the nearest float64 where the divisor is no float64 as well."""
    ticks = np.random.default_rng(7).integers(1, 1000, 500)
    values = [float(Fraction(tick, 10**22)) for tick in ticks.tolist()]
    for window in (3, 7):
        sums = np.convolve(ticks, np.ones(window, np.int64), "valid")
        _, means = signals(np.array(values), window, means=True)
        assert means[window - 1 :].tolist() == [total / (window * 10**22) for total in sums.tolist()]


def test_zero_has_one_sign() -> None:
    """A mean of negative zeros is zero, as it is for `get`."""
    _, means = signals(np.array([-0.0, -0.0]), 1, means=True)
    assert np.copysign(1, means).tolist() == [1, 1]


@pytest.mark.parametrize("bad", [float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", [np.float64, np.float32, list])
def test_an_infinity(bad: float, kind: Any) -> None:
    """An infinity is refused with its position; the values before it are taken, as by update."""
    values = [1.5, 2.5, NAN, *[4.25] * 20, bad, 7.5]
    mean = Mean(2)
    with pytest.raises(ValueError, match=rf"^position 23: expected a decimal number, found {bad}$"):
        mean.update_many(values if kind is list else np.array(values, kind))
    reference = Mean(2)
    for value in values[:23]:
        reference.update(value)
    assert state(mean) == state(reference)


def test_an_infinity_among_values_read_as_text() -> None:
    """So it is where most values have 17 digits."""
    mean = Mean(2)
    with pytest.raises(ValueError, match=r"^position 2: expected a decimal number, found inf$"):
        mean.update_many(np.array([0.1 + 0.2, 0.1 + 0.7, np.inf]))
    assert mean.values() == [30000000000000004, 79999999999999990]


def test_a_mean_beyond_the_floats() -> None:
    """A mean that no float64 can hold is an error in words, as `get` refuses it; the signals alone need none."""
    assert signals([10**400, 10**401], 2).tolist() == [False, True]
    with pytest.raises(OverflowError, match=r"^position 1: expected a mean that a float64 can hold"):
        signals([10**400, 10**401], 2, means=True)
