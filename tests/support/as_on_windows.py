"""A program of its own: every module of qmcu is imported as on Windows without tflite-micro.

What POSIX alone has is gone: modules, functions of os, numbers of signals. Prints `MODULE: ERROR`
for each module that needs it at import.
"""

import importlib
import importlib.metadata
import os
import pkgutil
import signal
import socket
import sys

_MODULES = ("fcntl", "termios", "tty", "pty", "resource", "pwd", "grp", "tflite_micro")
_SIGNALS = ("SIGKILL", "SIGUSR1", "SIGUSR2", "SIGTTOU", "SIGTTIN", "SIGHUP", "SIGTSTP", "SIGCONT")
_FUNCTIONS = (
    "fork", "forkpty", "openpty", "setsid", "setpgid", "getpgid", "getpgrp", "tcsetpgrp", "killpg",
    "getuid", "geteuid", "getgid", "memfd_create", "pread", "pwrite", "mkfifo", "uname",
    "sched_getaffinity", "sched_setaffinity", "WNOHANG", "O_NOFOLLOW", "O_DIRECTORY", "sysconf",
)  # fmt: skip
# Packages that others made are imported as they are here: what they do on Windows is their affair.
_OTHERS = (
    "numpy", "unicorn", "capstone", "elftools.elf.elffile", "serial.tools.list_ports", "jinja2",
    "rich.console", "rich.table", "rich_click", "filelock", "junitparser", "msgspec", "tomli_w",
    "cobs.cobs", "flatbuffers", "multiprocessing.connection", "concurrent.futures.process",
    "asyncio", "tempfile", "subprocess", "http.server", "webbrowser", "ctypes", "pytest",
    "distributed",
)  # fmt: skip


def _hide() -> None:
    for name in _OTHERS:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    for name in _MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for name in _SIGNALS:
        if hasattr(signal, name):
            delattr(signal, name)
    for name in _FUNCTIONS:
        if hasattr(os, name):
            delattr(os, name)
    for name in ("send_fds", "recv_fds", "AF_UNIX"):
        if hasattr(socket, name):
            delattr(socket, name)
    sys.platform = "win32"


def main() -> None:
    """Import all; an optional package that is missing is no error."""
    _hide()
    package = importlib.import_module("qmcu")
    names = [m.name for m in pkgutil.walk_packages(package.__path__, "qmcu.")]
    for name in [n for n in names if not n.endswith("__main__")]:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name in _MODULES or (error.name or "").startswith("qmcu"):
                print(f"{name}: {error}")
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}")
    print(f"{len(names)} modules")


if __name__ == "__main__":
    main()
