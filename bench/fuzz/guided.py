"""Readers guided by coverage, by the package atheris: each in a process of its own."""

import importlib.util
import sys
import tempfile
from pathlib import Path

from bench.fuzz.libfuzzer import run_program
from bench.fuzz.run import Count


def run_guided(names: list[str], seconds: float, seed: int) -> dict[str, Count]:
    """Each reader for its share: `inputs` are runs, `accepted` edges of its code."""
    if importlib.util.find_spec("atheris") is None:
        print("the package atheris is not installed: it is left out")
        return {}
    counts: dict[str, Count] = {}
    for name in names:
        with tempfile.TemporaryDirectory(prefix="qmcu-fuzz-") as folder:
            corpus = Path(folder) / "corpus"
            corpus.mkdir()
            command = [sys.executable, "-m", "bench.fuzz.coverage", name]
            title = f"atheris {name}"
            counts[title] = run_program(title, command, corpus, seconds / len(names), seed)
    return counts
