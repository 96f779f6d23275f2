"""Finding Renode, and learning its version."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from qmcu.errors import ToolError

VARIABLE = "QMCU_RENODE"
OLDEST = (1, 15)
SEEN = "1.16.1"
RELEASES = "https://github.com/renode/renode/releases"
# Where the portable archive is commonly unpacked.
_PORTABLE = ("~/renode*/renode", "~/.local/renode*/renode", "/opt/renode*/renode")
_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:\.(\d+))?")


def find_renode() -> str:
    """Renode's path: QMCU_RENODE (the program or its folder), PATH, or an unpacked archive.

    Raises ToolError that says how to get it.
    """
    if wanted := os.environ.get(VARIABLE):
        path = Path(wanted).expanduser()
        path = path / "renode" if path.is_dir() else path
        if os.access(path, os.X_OK):
            return str(path)
        raise ToolError(f"{VARIABLE} is {wanted}, where no renode can be executed; correct it.")
    found = shutil.which("renode") or _unpacked()
    if found is None:
        raise ToolError(
            "renode was not found on PATH; unpack the portable archive of "
            f"{RELEASES} (1.15 or newer) in your home directory, or "
            f"set {VARIABLE} to the program."
        )
    return found


def _unpacked() -> str | None:
    for pattern in _PORTABLE:
        path = Path(pattern).expanduser()
        folder, name = path.parents[1], f"{path.parent.name}/{path.name}"
        candidates = [p for p in folder.glob(name) if p.is_file() and os.access(p, os.X_OK)]
        if candidates:
            return str(max(candidates, key=lambda p: _numbers(p.parent.name)))
    return None


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


@cache
def renode_version(program: str) -> str:
    """The version that Renode prints. Raises ToolError when it cannot be run or is too old."""
    try:
        answer = subprocess.run(
            [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=True, timeout=60,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"{program} cannot be run: {error}.") from error
    match = _VERSION.search(answer)
    if match is None:
        raise ToolError(f"{program} tells no version ({answer.strip()[:80]!r}); is it Renode?")
    version = ".".join(part for part in match.groups() if part is not None)
    if (int(match[1]), int(match[2])) < OLDEST:
        raise ToolError(
            f"{program} is Renode {version}; {OLDEST[0]}.{OLDEST[1]} or newer is needed ({SEEN} "
            "was seen to work)."
        )
    return version
