"""Ends the supervisor's children when the supervisor can no longer do it, as after `kill -9`.

Started by its path with a pipe on stdin that only the supervisor holds open. Lines "+PGID" and "-PGID" say
which process groups live; end of file means that the supervisor is gone. Groups, not processes, so that
Celery's pool goes too.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 3.0


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except OSError:
        return False
    return True


def _send(groups: set[int], what: signal.Signals) -> None:
    for group in groups:
        try:
            os.killpg(group, what)
        except OSError:  # it ended by itself
            pass


def main() -> None:
    # Ctrl-C in the terminal is the supervisor's business; this process outlives it on purpose.
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    _send(groups, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(map(_alive, groups)):
        time.sleep(0.05)
    _send(groups, signal.SIGKILL)


if __name__ == "__main__":
    main()
