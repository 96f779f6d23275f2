"""Readers guided by coverage, by the package atheris: each in a process of its own."""

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.fuzz.run import Count, memory_option

_RUNS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_EDGES = re.compile(r"cov: (\d+)")


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
            done = subprocess.run(
                [sys.executable, "-m", "bench.fuzz.coverage", name, str(corpus),
                 f"-seed={seed & 0x7FFFFFFF or 1}", "-print_final_stats=1", "-timeout=2",
                 f"-max_total_time={int(max(1, seconds / len(names)))}", memory_option(),
                 f"-artifact_prefix={folder}/"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        failures = () if done.returncode == 0 else (f"{name}: {_told(done)}",)
        runs, edges = _RUNS.search(done.stderr), _EDGES.findall(done.stderr)
        count = Count(int(runs[1]) if runs else 0, int(edges[-1]) if edges else 0, failures)
        counts[f"atheris {name}"] = count
        print(f"atheris {name}: {count.inputs:,} runs, {count.accepted:,} edges, "
              f"{len(failures)} failures", *failures, flush=True)  # fmt: skip
    return counts


def _told(done: "subprocess.CompletedProcess[str]") -> str:
    """What atheris says of an exception, and the input as base64."""
    return f"{done.stdout[-2000:]} {done.stderr[-1500:]}"
