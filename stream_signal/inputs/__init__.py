"""Bytes from files and pipes: everything that reads."""

from __future__ import annotations
