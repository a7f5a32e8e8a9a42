"""Bytes in, counts out: no I/O, no clock, no log."""

from __future__ import annotations
