"""The series of a stream: one for each key and window, their windows and counts, and how they join."""

from __future__ import annotations
