"""The story of one run: what is read, counted and written, and when."""

from __future__ import annotations
