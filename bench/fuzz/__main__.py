"""`python -m bench.fuzz`: readers and writers, protocols under sanitizers, frames end to end,
mutated models that are taken."""

import argparse
import signal
import sys
from pathlib import Path

from bench.fuzz.builds import accepted_mutants
from bench.fuzz.guided import run_guided
from bench.fuzz.protocols import corrupted_frames, run_libfuzzer, run_protocols
from bench.fuzz.readers import MAKERS
from bench.fuzz.run import Count, default_seed, run_all, write_counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, help="where failures begin again")
    parser.add_argument(
        "--only", action="append", help="a reader, or protocols, libfuzzer, atheris, frames, builds"
    )
    parser.add_argument("--counts", type=Path, default=Path("build/fuzz.json"))
    given = parser.parse_args()
    seed = default_seed() if given.seed is None else given.seed
    names = list(MAKERS)
    every = [*names, "protocols", "libfuzzer", "atheris", "frames", "builds"]
    wanted = given.only or every
    unknown = sorted(set(wanted) - set(every))
    if unknown:
        parser.error(f"--only {unknown[0]}: there are {', '.join(every)}")
    # What was counted is written, and folders are removed, however it is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print(f"seed {seed}")
    seconds = 60.0 * given.minutes
    share = seconds / len(wanted)
    counts: dict[str, Count] = {}
    chosen = [name for name in names if name in wanted]
    if chosen:
        counts |= run_all(chosen, share * len(chosen), seed)
    if "protocols" in wanted:
        counts |= run_protocols(share, seed)
    if "libfuzzer" in wanted:
        counts |= run_libfuzzer(share, seed)
    if "atheris" in wanted:
        counts |= run_guided(names, share, seed)
    if "frames" in wanted:
        counts["frames end to end"] = corrupted_frames(share, seed)
    if "builds" in wanted:
        counts["builds"] = accepted_mutants(share, seed)
    write_counts(counts, given.counts)
    failures = sum(len(count.failures) for count in counts.values())
    print(f"{sum(c.inputs for c in counts.values()):,} inputs, {failures} failures")
    return 1 if failures else 0


sys.exit(main())
