"""`python -m stream_signal` is the command `stream-signal`."""

from __future__ import annotations

import sys

from stream_signal.cli import main

sys.exit(main())
