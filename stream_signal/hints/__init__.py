"""What is said to people about an error or a doubt, and what they can type next; it never decides how data is read."""

from __future__ import annotations
