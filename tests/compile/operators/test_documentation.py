"""docs/OPERATORS.md is printed from the code and up to date."""

from bench.operators.document import DOCUMENT, document

from qmcu.compile.operators import OPERATORS
from qmcu.compile.operators.documentation import Comparison, render


def test_committed_file_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == document(), "run python -m bench.operators.document"


def test_every_operator_and_constraint_is_named() -> None:
    text = render(OPERATORS, None)
    for kind, support in OPERATORS.items():
        assert f"\n## {kind}\n" in text
        for constraint in support.constraints:
            assert f"- {constraint.text}" in text


def test_counts_are_shown() -> None:
    comparison = Comparison({"ADD": (300, 299)}, "board", "portable", "device", 7, {"tool": "1.2"})
    text = render(OPERATORS, comparison)
    assert "| [ADD](#add) | `add` | 300 | 299 |" in text
    assert "--kernels portable --seed 7`; tool 1.2" in text
