"""Run a program that ends when the process that started it ends, also when that one is killed.

Used as a script: ``python tether.py PARENT_PID PROGRAM ARGUMENT...``. It imports nothing of Samrum, so it costs a bare
interpreter start, and it turns into the program (same process id), so the parent's handle still fits.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Ask the kernel for SIGTERM at the parent's death, then become the program.

    The promise holds on Linux. Elsewhere the program runs without it, and the parent's own tidying up must do.
    """
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel was asked
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - becoming the program is the point


if __name__ == "__main__":
    main()
