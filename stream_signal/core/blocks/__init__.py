"""The block reader, and what pushes arrays: NumPy, many rows at once, the same answers as the text reader."""

from __future__ import annotations
