"""The command line: arguments in, an exit code out."""

from __future__ import annotations
