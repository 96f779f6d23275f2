"""Writes docs/OPERATORS.md: `python -m bench.operators.document`."""

import json
from pathlib import Path

from qmcu.compile.operators import OPERATORS
from qmcu.compile.operators.documentation import Comparison, render
from qmcu.files import write_atomic

RESULTS = Path(__file__).with_name("results.json")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "OPERATORS.md"


def comparison() -> Comparison | None:
    """The last full comparison, or None when there is none."""
    if not RESULTS.is_file():
        return None
    stored = json.loads(RESULTS.read_text())
    return Comparison(
        counts={kind: (n["graphs"], n["equal"]) for kind, n in stored["operators"].items()},
        board=stored["board"],
        kernels=stored["kernels"],
        device=stored["device"],
        seed=stored["seed"],
        versions=stored["versions"],
    )


def document() -> str:
    """What docs/OPERATORS.md must hold."""
    return render(OPERATORS, comparison())


if __name__ == "__main__":
    write_atomic(DOCUMENT, document())
