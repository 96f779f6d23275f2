"""Attacked models of the lab, monitored on the device: `python -m bench.monitor FOLDERS...`.

Each folder is one that `qmcu attack METHOD --data digits -o FOLDER` wrote. Prints the table of
docs/MONITORING.md.
"""

import argparse
import tempfile
from pathlib import Path

from bench.monitor.measure import measure

from qmcu.codegen.monitor_limits import STATISTICS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.monitor", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument(
        "--strip", type=int, default=0, metavar="N", help="beside it, STRIP with N blends an input"
    )
    given = parser.parse_args()
    names: tuple[str, ...] = (
        "attack",
        "ASR",
        "false alarms",
        "found",
        *STATISTICS,
        "AUROC of all",
        "instructions",
    )
    names += ("flash", "RAM") + ("STRIP: false alarms, found (AUROC)",) * bool(given.strip)
    print("| " + " | ".join(names) + " |")
    print("|---" * len(names) + "|")
    with tempfile.TemporaryDirectory(prefix="qmcu-monitor-") as folder:
        for attacked in given.folders:
            told = measure(attacked, Path(folder), blends=given.strip)
            by = (
                f"{share:.0%} ({area:.2f})"
                for share, area in zip(told.found_by, told.aurocs, strict=True)
            )
            cells = (
                told.name, f"{told.success:.0%}", f"{told.false_alarms:.1%} of {told.clean}",
                f"{told.found:.0%} of {told.triggered}", *by, f"{told.combined:.2f}",
                f"+{told.more_instructions:,} of {told.instructions:,} "
                f"({told.more_instructions / told.instructions:.2%})",
                f"+{told.more_flash:,}", f"+{told.more_ram:,}",
            )  # fmt: skip
            if told.perturbed is not None:
                strip = told.perturbed
                cells += (f"{strip.false_alarms:.1%}, {strip.found:.0%} ({strip.auroc:.2f})",)
            print("| " + " | ".join(cells) + " |", flush=True)


main()
