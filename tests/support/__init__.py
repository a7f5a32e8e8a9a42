"""Shared by several test files: data, strategies, the oracle, and ways to run a stream or the command."""

from __future__ import annotations
