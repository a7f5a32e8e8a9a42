"""The observers that the command uses."""

from __future__ import annotations
