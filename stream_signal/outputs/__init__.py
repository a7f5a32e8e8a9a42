"""Metrics, signals and files: everything that writes."""

from __future__ import annotations
