"""A process without rights: it can write in one folder only, and open no socket.

Files by Landlock (Linux 5.13, no privileges needed), sockets by a seccomp filter. Both hold for the
calling thread and what it starts, for good: called first, before any library starts threads. The
numbers are those of linux/landlock.h, linux/seccomp.h and linux/bpf_common.h.
"""

import ctypes
import os
import platform
import shutil
import signal
import struct
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_VERSION_FLAG = 1
_WRITE_FILE, _TRUNCATE, _REFER = 1 << 1, 1 << 14, 1 << 13
# REMOVE_DIR, REMOVE_FILE and the seven MAKE_*.
_CHANGE = sum(1 << bit for bit in range(4, 13))
_CONNECT_AND_BIND = 0b11
# No signals to processes outside, no abstract sockets.
_SCOPED = 0b11
_SET_DEATH_SIGNAL = 1
_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
# Of the machine: its number in a filter, and that of socket(2).
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_IO_URING_SETUP = 425
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # errno EPERM
# Written to by libraries, and holding nothing.
_HARMLESS = ("/dev/null", "/dev/zero", "/dev/full")


def can_confine() -> bool:
    """Whether this kernel confines a process: Landlock, and a machine whose filter is known."""
    return platform.machine() in _MACHINES and _abi() > 0


def wrapper(folder: Path) -> list[str] | None:
    """Arguments before a command that confine it where the kernel does not: bubblewrap's.

    Empty where `confine` does it, None where neither is there.
    """
    if can_confine():
        return []
    program = shutil.which("bwrap")
    if program is None:
        return None
    return [
        program, "--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev",
        "--bind", str(folder), str(folder), "--unshare-net", "--die-with-parent", "--",
    ]  # fmt: skip


def end_with_parent() -> None:
    """Have the kernel end this process when the one that started it ends, however it does."""
    if hasattr(ctypes.CDLL(None), "prctl"):  # else it ends when its channel closes
        ctypes.CDLL(None).prctl(_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)


def confine(folder: Path) -> None:
    """From here on this process writes below `folder` only and opens no socket.

    Raises OSError where the kernel refuses.
    """
    library = ctypes.CDLL(None, use_errno=True)
    _check(library.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no_new_privs")
    _restrict_files(library, folder)
    _refuse_sockets(library)


def _abi() -> int:
    library = ctypes.CDLL(None, use_errno=True)
    return int(library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG))


def _restrict_files(library: ctypes.CDLL, folder: Path) -> None:
    abi = _abi()
    rights = _WRITE_FILE | _CHANGE | (_REFER if abi >= 2 else 0) | (_TRUNCATE if abi >= 3 else 0)
    fields = [rights]
    if abi >= 4:
        fields.append(_CONNECT_AND_BIND)
    if abi >= 6:
        fields.append(_SCOPED)
    given = struct.pack(f"={len(fields)}Q", *fields)
    ruleset = library.syscall(_CREATE_RULESET, given, ctypes.c_size_t(len(given)), 0)
    _check(ruleset, "Landlock")
    of_files = _WRITE_FILE | (_TRUNCATE if abi >= 3 else 0)
    for path, allowed in ((str(folder), rights), *((p, of_files) for p in _HARMLESS)):
        if not Path(path).exists():
            continue
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", allowed, descriptor)
        _check(library.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0), f"Landlock {path}")
        os.close(descriptor)
    _check(library.syscall(_RESTRICT_SELF, ruleset, 0), "Landlock")
    os.close(ruleset)


def _refuse_sockets(library: ctypes.CDLL) -> None:
    machine, socket_call = _MACHINES[platform.machine()]
    # Each: code, jump if true, jump if false, constant. LD W ABS = 0x20, JEQ = 0x15, JGE = 0x35,
    # RET = 0x06; seccomp_data has the call at 0 and the machine at 4.
    program = (
        (0x20, 0, 0, 4),
        (0x15, 0, 4, machine),
        (0x20, 0, 0, 0),
        (0x35, 2, 0, 0x40000000),  # the x32 calls of x86-64
        (0x15, 1, 0, socket_call),
        (0x15, 0, 1, _IO_URING_SETUP),
        (0x06, 0, 0, _REFUSE),
        (0x06, 0, 0, _ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    header = struct.pack("@HxxxxxxP", len(program), ctypes.addressof(code))
    _check(library.prctl(_SET_SECCOMP, _MODE_FILTER, header, 0, 0), "seccomp")


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
