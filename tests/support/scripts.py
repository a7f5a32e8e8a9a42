"""Programs that run the command with a fault at one place, for `run_script`."""

from __future__ import annotations

# Runs the command with one system call made to fail for one file.
BREAK = """
import errno, os, sys
from stream_signal.__main__ import main
call, target, number = sys.argv[1], sys.argv[2], getattr(errno, sys.argv[3])
works = getattr(os, call)
def fails(*given, **named):
    what = os.readlink(f"/proc/self/fd/{given[0]}") if isinstance(given[0], int) else given[0]
    if target in what:
        raise OSError(number, os.strerror(number))
    return works(*given, **named)
setattr(os, call, fails)
sys.argv[1:] = sys.argv[4:]
sys.exit(main())
"""

# Runs the command, and stops it before or after the first of one system call for a file, or for stdout.
AT_CALL = """
import os, signal, sys
from stream_signal.__main__ import main
moment, call, target = sys.argv[1:4]
works, signals = getattr(os, call), [signal.SIGTERM]
def signalled(*given, **named):
    hit = signals and target in str(given[0])
    if hit and moment == "before":
        os.kill(os.getpid(), signals.pop())
    result = works(*given, **named)
    if hit and moment == "after":
        os.kill(os.getpid(), signals.pop())
    return result
setattr(os, call, signalled)
sys.argv[1:] = sys.argv[4:]
sys.exit(main())
"""

# Runs the command, and stops it when it is about to import a module.
AT_IMPORT = """
import os, signal, sys
from stream_signal.__main__ import main
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == wanted:
            os.kill(os.getpid(), signal.SIGTERM)
wanted = sys.argv.pop(1)
sys.meta_path.insert(0, Finder())
sys.exit(main())
"""

# Runs the command, and stops it when the first chunk is counted.
IN_FEED = """
import os, signal, sys
from stream_signal.__main__ import main
from stream_signal.core.stream import SignalStream
feed = SignalStream.feed
def feed_and_stop(self, data):
    feed(self, data)
    os.kill(os.getpid(), signal.SIGTERM)
SignalStream.feed = feed_and_stop
sys.exit(main())
"""
