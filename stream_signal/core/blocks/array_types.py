"""The types of the arrays of the block engine, for annotations alone: no job loads this."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

AnyArray = NDArray[Any]
AnyFloats = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
Cells = NDArray[np.bytes_]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
# Some lines of a block: their numbers, or all of them.
Lines = Integers | slice
