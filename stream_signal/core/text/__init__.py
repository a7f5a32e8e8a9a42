"""The text reader: plain Python, reads anything, and is the reference."""

from __future__ import annotations
