"""What users have -> closes to push: an array of NumPy, a list, a Series of pandas or polars, an Arrow array.

By the protocols of arrays alone: no library is imported but NumPy, and pyarrow where nothing else will do. What passes
through here stays exact. So the integers of another library do not become floats: if its `__array__` would turn them
into floats to hold their nulls, as that of polars does, pyarrow reads them, and if it is not there, they are refused.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stream_signal.core.blocks.arrays import Closes, close_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stream_signal.core.blocks.array_types import AnyArray


_EXPECTED = "expected an array of ints or floats in one dimension, a list, a Series or an Arrow array"
_ARRAY_PROTOCOLS = ("__array__", "__array_interface__", "__array_struct__")
_ARROW_PROTOCOLS = ("__arrow_c_stream__", "__arrow_c_array__", "__arrow_array__")
_FLOATS = (np.float64, np.float32, np.float16)
# Every integer below is a float64 too, and Python writes that with the same digits.
_SAME_AS_FLOAT = 1e15


def closes_of(values: object) -> Closes:
    """Turn what a user has into closes; TypeError or ValueError if it is no array of numbers.

    >>> closes_of([4.58, None]).values.tolist(), closes_of([2**60, None])
    ([4.58, nan], Closes(values=array([1152921504606846976,                   0]), missing=array([False,  True])))
    """
    if isinstance(values, (list, tuple)):
        return _from_list(values)
    if isinstance(values, np.ma.MaskedArray):
        return _from_masked(values)
    if isinstance(values, np.ndarray):
        return _from_numpy(values)
    if _speaks(values, _ARRAY_PROTOCOLS) or _has_buffer(values):
        array = np.asarray(values)
        return _from_arrow(values) if _became_floats(values, array) else _from_numpy(array)
    if _speaks(values, _ARROW_PROTOCOLS):
        return _from_arrow(values)
    advice = ""
    if isinstance(values, (str, bytes, bytearray)):
        advice = ": for text there is `run`"
    elif hasattr(values, "__iter__") and not isinstance(values, type):
        advice = ": make a list of it"
    raise TypeError(f"{_EXPECTED}, found {type(values).__name__}{advice}")


class Missing(NamedTuple):
    """Which closes are missing: how many, the first of them, from 0, and the longest run of the others."""

    number: int
    first: int
    longest_run: int


def missing_in(closes: Closes) -> Missing:
    """Find the closes that are missing.

    >>> missing_in(closes_of([4.58, None, 4.58, 4.59]))
    Missing(number=1, first=1, longest_run=2)
    """
    values, missing = closes
    if not isinstance(values, np.ndarray):
        missing = np.fromiter((close_of(value) is None for value in values), np.bool_, len(values))
    elif missing is None and values.dtype.kind == "f":
        missing = np.isnan(values)
    if missing is None or not missing.any():
        return Missing(0, 0, len(values))
    places = np.flatnonzero(missing)
    longest = int(np.diff(places, prepend=-1, append=len(values)).max()) - 1
    return Missing(len(places), int(places[0]), longest)


def _from_numpy(values: AnyArray) -> Closes:
    kind = values.dtype.kind
    if values.ndim != 1:
        raise ValueError(f"{_EXPECTED}, found {values.ndim} dimensions{': choose a column' * (values.ndim > 1)}")
    if kind in "iu" or values.dtype.type in _FLOATS:
        return Closes(np.asarray(values))
    if kind == "O":
        return _from_list(values.tolist())
    if kind == "f":
        return Closes(list(values))
    raise TypeError(f"{_EXPECTED}, found one of {values.dtype}")


def _from_masked(values: np.ma.MaskedArray[Any, Any]) -> Closes:
    kind = values.dtype.kind
    if kind == "O" and values.ndim == 1:
        return _from_list(values.tolist())  # which has None for what is masked
    closes = _from_numpy(values.filled(np.nan if kind == "f" else 0))
    return Closes(closes.values, np.ma.getmaskarray(values)) if kind in "iu" else closes


def _from_list(values: Sequence[Any]) -> Closes:
    """Make an array of what is alike; a list of other numbers stays one, and its items are read one at a time."""
    kinds = set(map(type, values))
    nulls = {kind for kind in kinds if kind is NoneType or kind.__name__ == "NAType"}
    numbers = kinds - nulls
    if not numbers <= {int, float}:
        return Closes(values)
    missing = np.array([type(value) in nulls for value in values]) if nulls else None
    filled = [0 if type(value) in nulls else value for value in values] if nulls else values
    try:
        if numbers == {int}:
            return Closes(np.array(filled, np.int64), missing)
        floats = np.array(filled, np.float64)
    except OverflowError:  # an integer beyond int64, or beyond the floats
        return Closes(values)
    if int in numbers and (np.abs(floats) >= _SAME_AS_FLOAT).any():
        return Closes(values)
    floats[missing if nulls else []] = np.nan
    return Closes(floats)


def _from_arrow(values: Any) -> Closes:
    """Read an Arrow array, or what can give one, without a copy where it has no nulls."""
    try:
        import pyarrow as pa
    except ImportError:
        name = type(values).__name__
        raise ValueError(
            f"expected pyarrow, to read this {name} exactly, found none: install it, or fill the nulls"
        ) from None
    array = pa.chunked_array(values) if hasattr(values, "__arrow_c_stream__") else pa.array(values)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_integer(array.type):
        missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
        return Closes(array.fill_null(0).to_numpy(), missing)
    if pa.types.is_floating(array.type):
        return Closes(array.to_numpy(zero_copy_only=False))
    if pa.types.is_null(array.type) or pa.types.is_decimal(array.type):
        return _from_list(array.to_pylist())
    raise TypeError(f"{_EXPECTED}, found one of {array.type}")


def _speaks(values: object, protocols: tuple[str, ...]) -> bool:
    """Whether the object has one of these; a class has the methods too, but is no array."""
    return not isinstance(values, type) and any(hasattr(values, protocol) for protocol in protocols)


def _has_buffer(values: object) -> bool:
    if isinstance(values, (bytes, bytearray)):
        return False
    try:
        memoryview(values)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _became_floats(values: Any, array: AnyArray) -> bool:
    """Whether these are floats that were something else in their own library."""
    dtype = getattr(values, "dtype", getattr(values, "type", None))
    if array.dtype.kind != "f" or dtype is None or isinstance(dtype, np.dtype):
        return False
    name = str(dtype).lower()
    return not any(kind in name for kind in ("float", "double"))
