"""Run a program that ends when the process that started it ends, also when that one is killed.

Used as a script: ``python tether.py PARENT_PID SIGNAL ACCOUNT PROGRAM ARGUMENT...``. It imports nothing of Samrum, so
it costs a bare interpreter start, and it turns into the program (same process id), so the parent's handle still fits.
"""

import ctypes
import os
import pwd
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Ask the kernel for a signal at the parent's death, then become the program.

    PARENT_PID is who must live, SIGNAL the number of the signal, ACCOUNT whose rights the program gets (`-` keeps the
    present ones). The promise holds on Linux. Elsewhere the parent's own tidying up must do.
    """
    parent, death_signal, account, *program = sys.argv[1:]
    if account != "-":
        entry = pwd.getpwnam(account)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):  # it died before the kernel was asked
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - becoming the program is the point


if __name__ == "__main__":
    main()
