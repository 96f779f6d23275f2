"""Programs of libFuzzer: the options that all get, and what they tell when they end."""

import re
import resource
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.fuzz.run import MEMORY, Count

_RUNS = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_EDGES = re.compile(r"cov: (\d+)")


def run_program(
    name: str, command: Sequence[str], corpus: Path, seconds: float, seed: int
) -> Count:
    """Run `command` on `corpus`: `inputs` are runs, `accepted` edges of its code.

    Inputs that end it are written beside the corpus, in base64 into the failure.
    """
    done = subprocess.run(
        [*command, str(corpus), f"-seed={seed & 0x7FFFFFFF or 1}", "-print_final_stats=1",
         f"-max_total_time={int(max(1, seconds))}", "-timeout=2", _memory_option(),
         f"-artifact_prefix={corpus.parent}/"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = f"{name}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    runs, edges = _RUNS.search(done.stderr), _EDGES.findall(done.stderr)
    count = Count(
        inputs=int(runs[1]) if runs else 0,
        accepted=int(edges[-1]) if edges else 0,
        failures=() if done.returncode == 0 else (told,),
    )
    print(f"{name}: {count.inputs:,} runs, {count.accepted:,} edges, "
          f"{len(count.failures)} failures", *count.failures, flush=True)  # fmt: skip
    return count


def _memory_option() -> str:
    """The limit of memory: of a program's most libFuzzer takes this process's for its own, since
    that stays with a process over fork and exec.
    """
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"-rss_limit_mb={MEMORY // 2**20 + ours}"
