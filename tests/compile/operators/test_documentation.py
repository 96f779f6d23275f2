"""docs/OPERATORS.md is printed from the code and up to date."""

from bench.operators.document import DOCUMENT, document

from qmcu.compile.operators import OPERATORS
from qmcu.compile.operators.documentation import Comparison, render


def test_committed_file_is_up_to_date() -> None:
    assert DOCUMENT.read_text() == document(), "run python -m bench.operators.document"


def test_every_operator_and_constraint_is_named() -> None:
    text = render(OPERATORS, None)
    for kind, forms in OPERATORS.items():
        assert f"\n## {kind}\n" in text
        for constraint in (c for form in forms for c in form.constraints):
            assert f"- {constraint.text}" in text


def test_counts_are_shown() -> None:
    counts = {"ADD": (300, 299), "RESHAPE bool": (70, 70)}
    comparison = Comparison(counts, "board", "portable", "device", 7, {"tool": "1.2"})
    text = render(OPERATORS, comparison)
    assert "| [ADD](#add) | 299/300 |" in text
    (reshape,) = (line for line in text.splitlines() if line.startswith("| [RESHAPE]"))
    assert "| 70/70 |" in reshape and "| - |" in reshape
    assert "--kernels portable --seed 7`; tool 1.2" in text


def test_what_depends_on_the_interpreters_machine_is_noted() -> None:
    (form,) = (form for form in OPERATORS["TANH"] if form.types == ("float32",))
    assert "may differ in the last bit" in form.note
    assert form.note in render(OPERATORS, None)
