"""Serving a firmware on a pseudo-terminal, and running the official runner on it."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DISCOVERY = Path(__file__).with_name("discovery.py")
MODES = {"performance": "p", "accuracy": "a"}


@dataclass(frozen=True)
class Runner:
    """The checkout's benchmark/runner, and the interpreter that has its packages."""

    folder: Path
    python: str = sys.executable

    def missing(self) -> str:
        """Why it cannot be run, or nothing."""
        if not (self.folder / "main.py").is_file():
            return f"{self.folder} is no checkout of mlcommons/tiny's benchmark/runner"
        packages = "serial, usb, yaml, sklearn, matplotlib"
        command = [self.python, "-c", f"import {packages}"]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return f"{self.python} lacks one of the runner's packages ({packages})"
        return ""


@contextlib.contextmanager
def served(directory: Path, target: str, *options: str) -> Iterator[str]:
    """`qmcu serve` for the time of the block; its port's name."""
    command = [sys.executable, "-c", "from qmcu.cli import main; main()", "serve", str(directory)]
    process = subprocess.Popen(
        [*command, "--on", target, *options], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split(" at ")[1].strip()
    finally:
        process.terminate()
        process.wait(timeout=60)


def run(runner: Runner, port: str, data: Path, mode: str, work: Path, script: str = "") -> str:
    """What the runner printed in `mode`, a key of MODES; its session is written below `work`.

    `script` names another file of tests than the runner's own. Raises RuntimeError.
    """
    work.mkdir(parents=True, exist_ok=True)
    tests = script or str(runner.folder / f"tests_{mode}.yaml")
    devices = "devices_ad.yaml" if (data / "ad01").is_dir() else "devices_kws_ic_vww.yaml"
    arguments = [
        *("--device_list", str(runner.folder / devices), "--test_script", tests),
        *("--dataset_path", str(data), "--mode", MODES[mode]),
    ]
    done = subprocess.run(
        [runner.python, str(DISCOVERY), str(runner.folder), port, *arguments],
        cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the runner ended with status {done.returncode}:\n{done.stdout}")
    return done.stdout


def session(work: Path) -> list[dict[str, Any]]:
    """The newest results.json that the runner wrote below `work`."""
    newest = max(work.glob("sessions/*/results.json"), key=lambda path: path.stat().st_mtime)
    results: list[dict[str, Any]] = json.loads(newest.read_text())
    return results
