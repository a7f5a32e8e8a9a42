"""What users have: arrays, lists, and the objects of other libraries, by their protocols."""

from __future__ import annotations

import array
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from stream_signal import signals

# What is read is looked at here, however doubtful it is.
pytestmark = pytest.mark.filterwarnings("ignore::stream_signal.DoubtWarning")
NAN = float("nan")
BIG = 2**60 + 1  # no float64
EXPECTED = "expected an array of ints or floats in one dimension, a list, a Series or an Arrow array"


def means(values: object) -> list[float | None]:
    """Read values through the mean of one, which is the value itself as a float64; None if it is missing."""
    return [None if mean != mean else mean for mean in signals(values, 1, means=True)[1].tolist()]  # noqa: PLR0124 - NaN


def differs(values: object) -> list[bool]:
    """Say which value is above the one before, which shows what a float64 would lose."""
    found: list[bool] = signals(values, 2).tolist()
    return found


class Foreign:
    """Integers of another library, which become floats as an array of NumPy, as those of polars do."""

    def __init__(self, values: list[int | None], dtype: str) -> None:
        self.values = values
        self.dtype = dtype

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array([NAN if value is None else value for value in self.values], np.float64)


NULL = type("NAType", (), {})()  # as pandas.NA

TAKEN = {
    "floats": ([1.5, None, NAN, 2.5], [1.5, None, None, 2.5]),
    "ints": ([1, None, 3], [1, None, 3]),
    "ints and floats": ([1, 2.5, None], [1, 2.5, None]),
    "Decimals": ([Decimal("1.1"), 2, None, 0.1, Decimal("NaN")], [1.1, 2, None, 0.1, None]),
    "numbers of NumPy": ([np.float32(0.1), np.int8(3), np.float64(0.1)], [0.1, 3, 0.1]),
    "huge": ([10**30, None, 1.5], [1e30, None, 1.5]),
    "huge ints": ([10**30, None], [1e30, None]),
    "tuple": ((1, 2), [1, 2]),
    "empty": ([], []),
    "nothing but nulls": ([None, None], [None, None]),
    "NA of pandas": ([1, NULL], [1, None]),
    "objects": (np.array([1, None, NULL, Decimal("0.1")], object), [1, None, None, 0.1]),
    "longdouble": (np.array(["0.1", "nan"], np.longdouble), [0.1, None]),
    "float32": (np.array([0.1, NAN], np.float32), [0.1, None]),
    "float16": (np.array([0.1, NAN], np.float16), [0.1, None]),
    "big-endian": (np.array([1.5, 0.1], ">f8"), [1.5, 0.1]),
    "big-endian ints": (np.array([1, -2], ">i4"), [1, -2]),
    "backwards": (np.arange(6.0)[::-2], [5, 3, 1]),
    "read-only": (np.broadcast_to(np.float64(1.5), 2), [1.5, 1.5]),
    "bytes of ints": (np.array([255, 0], np.uint8), [255, 0]),
    "masked floats": (np.ma.array([0.1, 0.2], mask=[False, True], dtype=np.float32), [0.1, None]),
    "masked objects": (np.ma.array([Decimal("0.1"), 1], mask=[False, True]), [0.1, None]),
    "array module": (array.array("d", [1.5, 0.1]), [1.5, 0.1]),
    "memoryview": (memoryview(array.array("i", [1, 2])), [1, 2]),
    "foreign floats": (Foreign([1, None], "Float64"), [1, None]),
}


@pytest.mark.parametrize(("values", "wanted"), TAKEN.values(), ids=TAKEN)
def test_taken(values: object, wanted: list[float | None]) -> None:
    """What holds numbers in a row is taken, and each is the number that it is, or missing."""
    assert means(values) == wanted


EXACT = {
    "list": [BIG, BIG - 1, None],
    "list with a float": [BIG, BIG - 1, 0.5],
    "uint64": np.array([BIG, BIG - 1, 5], np.uint64),
    "masked": np.ma.array([BIG, BIG - 1, 7], mask=[False, False, True]),
    "objects": np.array([BIG, BIG - 1, NULL], object),
}


@pytest.mark.parametrize("values", EXACT.values(), ids=EXACT)
def test_no_integer_goes_through_a_float(values: Any) -> None:
    """Two integers that have the same float64 are told apart, with nulls or without."""
    assert differs(values) == [False, False, False]
    assert differs([*values][1::-1] if isinstance(values, list) else values[1::-1]) == [False, True]


REFUSED: dict[str, tuple[object, type[Exception], str]] = {
    "str": ("1,2", TypeError, "found str: for text there is `run`"),
    "bytearray": (bytearray(b"12"), TypeError, "found bytearray: for text there is `run`"),
    "generator": ((number for number in (1, 2)), TypeError, "found generator: make a list of it"),
    "set": ({1}, TypeError, "found set: make a list of it"),
    "number": (5, TypeError, "found int"),
    "class": (np.ndarray, TypeError, "found type"),
    "table": (np.zeros((2, 2)), ValueError, "found 2 dimensions: choose a column"),
    "scalar": (np.array(5.0), ValueError, "found 0 dimensions"),
    "bool": (np.array([True]), TypeError, "found one of bool"),
    "text": (np.array(["1"]), TypeError, "found one of <U1"),
    "times": (np.array(["2024"], "M8[s]"), TypeError, "found one of datetime64[s]"),
    "complex": (np.array([1j]), TypeError, "found one of complex128"),
}


@pytest.mark.parametrize(("values", "error", "found"), REFUSED.values(), ids=REFUSED)
def test_refused(values: object, error: type[Exception], found: str) -> None:
    """Anything else is refused by name, with what to do instead."""
    with pytest.raises(error) as refused:
        signals(values)
    assert str(refused.value) == f"{EXPECTED}, {found}"


@pytest.mark.parametrize(("value", "kind"), [(True, "bool"), ("2", "str"), (Fraction(1, 3), "Fraction"), ([1], "list")])
def test_an_item_that_is_no_number(value: object, kind: str) -> None:
    """An item of a list that is no number is refused with its position, as update refuses it."""
    with pytest.raises(TypeError, match=rf"^position 1: expected an int, a Decimal or a float, .* found {kind}"):
        signals([1.5, value])


def test_integers_that_became_floats_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a library turns its integers into floats to hold nulls, and pyarrow is not there, that is an error."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match=r"^expected pyarrow, .* found none: install it, or fill the nulls$"):
        signals(Foreign([BIG, None], "Int64"))


def test_no_library_is_imported() -> None:
    """Arrays and lists need no library but NumPy."""
    script = (
        "import sys; from stream_signal import signals; signals([1.5, None]); "
        "print({'pandas', 'polars', 'pyarrow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout.strip() == b"set()"


def test_pandas() -> None:
    """A Series of pandas of any kind of number: floats, its own nullable types, those of Arrow, an Index."""
    pd = pytest.importorskip("pandas")
    assert means(pd.Series([1.5, None, 0.1])) == [1.5, None, 0.1]
    assert means(pd.Series([0.1, None], dtype="float32")) == [0.1, None]
    assert means(pd.Series([0.1, None], dtype="Float32")) == [0.1, None]
    assert means(pd.Series([1.5, None], dtype="Float64")) == [1.5, None]
    assert means(pd.Series([Decimal("0.1"), None, pd.NA, 2])) == [0.1, None, None, 2]
    assert means(pd.Index([1, 2])) == [1, 2]
    for wrong in (pd.Series(["a"]), pd.Series([True, None], dtype="boolean"), pd.Series([True])):
        with pytest.raises(TypeError, match=r"^(expected an array|position 0: expected an int)"):
            signals(wrong)
    with pytest.raises(ValueError, match=r"found 2 dimensions: choose a column$"):
        signals(pd.DataFrame({"close": [1.5]}))


def test_pandas_with_arrow() -> None:
    """A Series of pandas whose values are Arrow's, or read through Arrow: integers with nulls."""
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    assert differs(pd.Series([BIG - 1, BIG, None], dtype="Int64")) == [False, True, False]
    assert differs(pd.array([BIG - 1, BIG, None], dtype="Int64")) == [False, True, False]
    assert differs(pd.Series([BIG - 1, BIG, None], dtype="int64[pyarrow]")) == [False, True, False]
    assert means(pd.Series([1.5, None], dtype="double[pyarrow]")) == [1.5, None]
    assert means(pd.Series([0.1, None], dtype="float[pyarrow]")) == [0.1, None]


def test_polars() -> None:
    """A Series of polars: floats of both types, integers, decimals; and what has no numbers is refused."""
    pl = pytest.importorskip("polars")
    assert means(pl.Series([1.5, None, NAN, 0.1])) == [1.5, None, None, 0.1]
    assert means(pl.Series([0.1, None], dtype=pl.Float32)) == [0.1, None]
    assert means(pl.Series([Decimal("0.10"), None])) == [0.1, None]
    assert differs(pl.Series([BIG - 1, BIG])) == [False, True]
    for wrong in (pl.Series(["a"]), pl.Series([True, None]), pl.col("close"), pl.LazyFrame({"close": [1.5]})):
        with pytest.raises(TypeError, match=r"^(expected an array|position 0: expected an int)"):
            signals(wrong)
    with pytest.raises(ValueError, match=r"found 2 dimensions: choose a column$"):
        signals(pl.DataFrame({"close": [1.5]}))


def test_polars_integers_with_nulls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Integers of polars with nulls are exact through pyarrow; without it they are refused, not rounded."""
    pl = pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    assert differs(pl.Series([BIG - 1, BIG, None])) == [False, True, False]
    assert means(pl.Series([2**63 + 1, None], dtype=pl.UInt64)) == [float(2**63 + 1), None]
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ValueError, match=r"^expected pyarrow"):
        signals(pl.Series([BIG - 1, BIG, None]))


class Capsule:
    """An array that speaks only the protocol of Arrow."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        return self.values.__arrow_c_array__(requested_schema)


def test_arrow() -> None:
    """Arrays of Arrow, in chunks or whole, and what only offers the protocol; text and dates are refused."""
    pa = pytest.importorskip("pyarrow")
    assert differs(pa.array([BIG - 1, BIG, None])) == [False, True, False]
    assert differs(pa.chunked_array([[BIG - 1], [BIG, None]])) == [False, True, False]
    assert differs(Capsule(pa.array([BIG - 1, BIG, None]))) == [False, True, False]
    assert means(Capsule(pa.array([1.5, None]))) == [1.5, None]
    assert means(pa.array([0.1, None], pa.float32())) == [0.1, None]
    assert means(pa.array([Decimal("0.10"), None])) == [0.1, None]
    assert means(pa.array([None, None])) == [None, None]
    assert means(pa.chunked_array([], pa.float64())) == []
    assert means(pa.chunked_array([], pa.int64())) == []
    for wrong in (pa.array(["a"]), pa.array([True, None]), pa.array([0], pa.date32()), Capsule(pa.array(["a"]))):
        with pytest.raises(TypeError, match=r"^(expected an array|position 0: expected an int)"):
            signals(wrong)
