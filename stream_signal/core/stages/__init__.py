"""Stages that come with the package: what changes the rows of a stream before they are counted."""

from __future__ import annotations
