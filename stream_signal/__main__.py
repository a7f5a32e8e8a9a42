"""`python -m stream_signal`, and the command `stream-signal`: no stop signal is lost from the first import on.

The garbage collector looks at all that was imported again and again, and finds nothing: a tenth of the time of a small
job. So it is off until the job begins, and leaves out at the exit what ends with the process anyway.
"""

from __future__ import annotations

import gc
import sys

from stream_signal import early


def main() -> int:
    """Run the command; return its exit code."""
    early.hold()
    gc.disable()
    try:
        from stream_signal.command.main import main as run

        return run()
    except KeyboardInterrupt:
        return 130
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
