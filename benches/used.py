"""What a process uses: its CPU time and its peak of resident memory."""

from __future__ import annotations

import ctypes
import os
import subprocess
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36

# A process begins with the peak of who forked it, and behind Python's that of a small program would not show. So a shell
# forks it and leaves it to us; it waits until the shell is gone, which would take what is over sooner for its own.
LEAVE = 'exec 3<&0; { read go <&3; exec "$@" 3<&- >/dev/null; } & echo $!'


def used(command: list[str | Path]) -> tuple[float, int]:
    """CPU seconds, and bytes."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    shell = ["sh", "-c", LEAVE, "sh", *command]
    pipe = subprocess.PIPE
    with subprocess.Popen(shell, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as left:
        process = int(left.stdout.readline())
        left.wait()
        left.stdin.close()
        wrong = left.stderr.read()
    _, status, usage = os.wait4(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0, wrong
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
