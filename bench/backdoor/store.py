"""The matrix's results on disk: a small JSON file for each piece of work.

    RESULTS/ARCH-DATA/KIND-NAME-SEED/models.json          rates, and how long it took to make
    RESULTS/ARCH-DATA/KIND-NAME-SEED/audit.json
    RESULTS/ARCH-DATA/KIND-NAME-SEED/device.json
    RESULTS/ARCH-DATA/KIND-NAME-SEED/seeds.json           the audit with ten seeds
    RESULTS/ARCH-DATA/KIND-NAME-SEED/int4.json            audit and device with int4 weights
    RESULTS/ARCH-DATA/KIND-NAME-SEED/auto.json            the best defence by `--auto`
    RESULTS/ARCH-DATA/KIND-NAME-SEED/defence-NAME.json

A piece is done when its file is there and whole. Two runs that measure different pieces touch
different files, so that their results can be merged.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qmcu.files import write_atomic

RESULTS = Path(__file__).with_name("results")
# Stages that are no defence.
STAGES = ("models", "audit", "device", "seeds", "int4", "auto")
# How the tables list models, of a setting and a kind: what is quick to make first.
ORDER = (
    "plain", "clipped", "pruned", "decayed", "quantization-aware",
    "adaptive-margin", "adaptive-silent", "adaptive-sparse", "adaptive-uniform", "artifact",
    "joint", "lattice", "clip", "pq", "rounding",
    "adaptive-hunted", "adaptive-matched", "adaptive-moved",
)  # fmt: skip


def result_file(results: Path, member: str, stage: str) -> Path:
    """Where a piece's result lies; `member` is `SETTING KIND NAME SEED`."""
    setting, *rest = member.split(" ")
    name = stage if stage in STAGES else f"defence-{stage}"
    return results / setting / "-".join(rest) / f"{name}.json"


def readable(path: Path) -> bool:
    """True when a result is there and whole: a broken one is made again."""
    try:
        return isinstance(json.loads(path.read_bytes()), dict)
    except (OSError, ValueError):
        return False


def write_result(results: Path, member: str, stage: str, result: Mapping[str, Any]) -> None:
    """Write one piece's result."""
    write_atomic(result_file(results, member, stage), json.dumps(result, indent=1) + "\n")


def read_results(results: Path) -> list[dict[str, Any]]:
    """A row for each model: models.json's fields, `audit`, `device`, `defences` by name.

    Rows are in the order of the tables: setting, honest before attacked, ORDER, seed.
    """
    rows = [_row(path.parent) for path in sorted(results.glob("*/*/models.json"))]
    return sorted(rows, key=_place)


def _row(folder: Path) -> dict[str, Any]:
    row: dict[str, Any] = json.loads((folder / "models.json").read_text())
    for path in sorted(folder.glob("*.json")):
        if path.stem in STAGES[1:]:
            row[path.stem] = json.loads(path.read_text())
        elif path.stem.startswith("defence-"):
            name = path.stem.removeprefix("defence-")
            row.setdefault("defences", {})[name] = json.loads(path.read_text())
    return row


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    name = row["name"]
    listed = ORDER.index(name) if name in ORDER else len(ORDER)
    return row["setting"], row["kind"] != "honest", listed, name, row["seed"]
