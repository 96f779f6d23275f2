"""Sampling mutants, running a room's tests on one, and remembering what came of it."""

import hashlib
import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from bench.mutation.mutants import Mutant, mutants_of
from bench.mutation.rooms import PACKAGE, REPOSITORY, Room

# A fault may make a loop endless. Seconds of the processor, much more than the tests take without a
# fault, so that a busy machine kills no mutant.
LIMIT_S = 120


@dataclass(frozen=True)
class Task:
    """A mutant and the tests that should notice it."""

    room: Room
    mutant: Mutant


def sample_of(room: Room, seed: int, count: int) -> list[Task]:
    """`count` mutants of the room: as many of each module as its share, drawn with `seed`."""
    modules = {f: mutants_of(str(f.relative_to(PACKAGE)), f.read_text()) for f in room.files()}
    total = sum(map(len, modules.values()))
    tasks = []
    for mutants in modules.values():
        if not mutants:
            continue
        share = min(len(mutants), max(2, round(count * len(mutants) / total)))
        # A larger sample holds the smaller one of the same seed.
        random.Random(f"{seed} {mutants[0].module}").shuffle(mutants)
        chosen = sorted(mutants[:share], key=lambda m: (m.line, m.change))
        tasks += [Task(room, m) for m in chosen]
    return tasks


class Store:
    """Outcomes in a file, a line each; a killed mutant stays killed when tests are added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: dict[str, dict[str, str]] = {}
        self._tests: dict[str, str] = {}
        if path.is_file():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                self._lines[entry["key"]] = entry

    def outcome(self, task: Task) -> str | None:
        """killed, timeout or survived; None when it is not known."""
        entry = self._lines.get(task.mutant.key)
        if entry is None or (entry["outcome"] == "survived" and entry["tests"] != self._of(task)):
            return None
        return entry["outcome"]

    def add(self, task: Task, outcome: str) -> None:
        """Remember one."""
        mutant = task.mutant
        entry = {
            "key": mutant.key, "module": mutant.module, "line": str(mutant.line),
            "change": mutant.change, "outcome": outcome, "tests": self._of(task),
        }  # fmt: skip
        self._lines[mutant.key] = entry
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a") as stream:
            stream.write(json.dumps(entry) + "\n")

    def _of(self, task: Task) -> str:
        name = task.room.name
        if name not in self._tests:
            digest = hashlib.sha256()
            for path in files_of_tests(task.room):
                for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
                    digest.update(file.read_bytes())
            self._tests[name] = digest.hexdigest()[:16]
        return self._tests[name]


def files_of_tests(room: Room) -> list[Path]:
    """The room's tests: files and folders."""
    return [p for pattern in room.tests for p in sorted(REPOSITORY.glob(pattern))]


class Workplace:
    """Copies of the package, one for each mutant that is measured at a time."""

    def __init__(self, jobs: int) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="mutation-"))
        self._free: queue.Queue[Path] = queue.Queue()
        for job in range(jobs):
            self._free.put(self._make(self._folder / str(job)))

    def __enter__(self) -> "Workplace":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        shutil.rmtree(self._folder)

    def _make(self, root: Path) -> Path:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PACKAGE, root / "toolchain" / "qmcu", ignore=ignored)
        # The tests find documents and boards by their own place: a copy too.
        shutil.copytree(REPOSITORY / "tests", root / "tests", ignore=ignored)
        for name in ("bench", "boards", "docs", "examples", "firmware", "renode", "pyproject.toml"):
            (root / name).symlink_to(REPOSITORY / name)
        return root

    def measure(self, task: Task) -> str:
        """Run the room's tests on the mutant: killed, timeout or survived."""
        root = self._free.get()
        module = root / "toolchain" / "qmcu" / task.mutant.module
        kept = module.read_bytes()
        try:
            module.write_text(task.mutant.source)
            return self._run(root, task.room)
        finally:
            module.write_bytes(kept)
            self._free.put(root)

    def _run(self, root: Path, room: Room) -> str:
        tests = [str(p.relative_to(REPOSITORY)) for p in files_of_tests(room)]
        environment = {
            **os.environ, "PYTHONPATH": os.pathsep.join([str(root / "toolchain"), str(root)]),
            "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        pytest = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
                  "--hypothesis-seed=0", "-m", "not slow", *tests]  # fmt: skip
        command = ["sh", "-c", f'ulimit -t {LIMIT_S}; exec "$@"', "sh", *pytest]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True)
        if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            return "timeout"
        return "survived" if done.returncode == 0 else "killed"
