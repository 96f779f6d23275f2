"""Opponents beside the matrix: what is measured, and what its tables say."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from bench.backdoor.document import DOCUMENT
from bench.backdoor.opponents.parts import BUDGET, PARTS, SEEDS, STEPS
from bench.backdoor.opponents.report import BEGIN, END, report
from bench.backdoor.store import write_result

from qmcu.backdoor.attacks import load_attacks


def share(count: int) -> dict[str, int]:
    return {"count": count, "total": 100}


def rates(clean: int, attack: int) -> dict[str, Any]:
    return {"clean": share(clean), "attack": share(attack)}


def write(results: Path, kind: str, name: str, **stages: dict[str, Any]) -> None:
    facts = {
        "setting": "cnn-s-digits", "kind": kind, "name": name, "seed": 0, "adaptive": "",
        "rates": {"honest_integer": rates(98, 1), "attacked_float": rates(90, 4),
                  "attacked_integer": rates(89, 97)},
    }  # fmt: skip
    for stage, result in {"models": facts, **stages}.items():
        write_result(results, f"cnn-s-digits {kind} {name} 0", stage, result)


def test_every_recipe_of_the_authors_is_measured_in_steps_of_its_own() -> None:
    assert set(STEPS) == {name for name, method in load_attacks().items() if method.authors}
    for part, lines in PARTS.items():
        pieces = [p for line in lines(SEEDS[part]) for p in line.pieces()]
        assert len({(str(p.member), p.stage) for p in pieces}) == len(pieces)
        first: dict[str, str] = {}
        for piece in pieces:
            first.setdefault(str(piece.member), piece.stage)
        assert set(first.values()) == {"models"}
    known = load_attacks()
    for name, settings in BUDGET.items():
        known[name].check(dict(settings))


def test_the_tables_say_what_was_found_and_what_a_defence_left(tmp_path: Path) -> None:
    audit = {"verdict": "backdoored", "score": 2.5}
    device = rates(89, 97) | {"vectors": 9, "equal": 9}
    left = rates(88, 3) | {"vectors": 9, "equal": 9}
    write(
        tmp_path / "authors", "attack", "pq-original", audit=audit, device=device,
        efrap={"device": left, "audit": {"verdict": "clean"}},
        int4={"device": left, "audit": audit},
        auto={"method": "recoil", "device": left},
        seeds={"verdicts": ["backdoored"] * 9 + ["clean"], "outcomes": [{"score": 2.0}] * 10},
    )  # fmt: skip
    write(tmp_path / "budget", "attack", "clip", audit=audit)
    text = report(f"before\n{BEGIN}\nold\n{END}\nafter", tmp_path)
    assert text.startswith("before\n") and text.endswith("\nafter") and "old" not in text
    assert (
        "| pq-original | 4,950 | 90.0 / 4.0 | 89.0 / 97.0 | 89.0 / 97.0 | backdoored (2.50) |"
        in text
    )
    assert "| 90.0 / 4.0 | 89.0 / 97.0 | 88.0 / 3.0 (1 clean) |  | 88.0 / 3.0 (1 recoil) |" in text
    assert "| clip --set hunted=8 | 0 | 98.0 / 1.0 | 90.0 / 4.0 | 89.0 / 97.0 | yes |" in text
    assert "| attack: pq-original | 0 | 9 backdoored, 1 clean | 2.00 | 2.00 |" in text
    assert "given 9 of 10 times" in text
    assert "| pq-original | 0 | 90.0 / 4.0 | 88.0 / 3.0 | backdoored (2.50) |" in text


def test_the_document_has_the_marks() -> None:
    assert DOCUMENT.read_text().count(BEGIN) == DOCUMENT.read_text().count(END) == 1
