"""The block engine: NumPy, many rows at once, the same answers as the row engine."""

from __future__ import annotations
