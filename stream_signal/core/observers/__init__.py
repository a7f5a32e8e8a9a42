"""What watches the rows as they are counted."""

from __future__ import annotations
