"""The picture of all models: what it is drawn from, and what the document says of it."""

from pathlib import Path
from typing import Any

import pytest
from bench.performance import wild

pytest.importorskip("matplotlib", reason="matplotlib is not installed")


def rows() -> list[dict[str, Any]]:
    counts = [(100, 200), (90, 100), (30, 100)]
    return [
        {"model": f"m{i}", "board": "stm32f407", "native": a, "cmsis-nn": b}
        for i, (a, b) in enumerate(counts)
    ]


def test_ratios_are_sorted() -> None:
    assert wild.ratios(rows(), "stm32f407") == [(0.3, "m2"), (0.5, "m0"), (0.9, "m1")]
    assert wild.ratios(rows(), "mps3-an547") == []


def test_the_section_has_median_and_worst_and_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, picture = tmp_path / "docs.md", tmp_path / "figures" / "wild.svg"
    picture.parent.mkdir()
    document.write_text(f"before\n{wild.BEGIN}\nold\n{wild.END}\nafter\n")
    monkeypatch.setattr(wild, "DOCUMENT", document)
    monkeypatch.setattr(wild, "PICTURE", picture)
    wild.write_section(rows())
    text = document.read_text()
    assert "| Cortex-M4, stm32f407 | 3 | 0.50 | 0.33 | 0.90 | 0.60 | 0 |" in text
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert picture.read_bytes() == wild.picture(rows())


def test_without_marks_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "docs.md"
    document.write_text("no marks")
    monkeypatch.setattr(wild, "DOCUMENT", document)
    with pytest.raises(ValueError, match="has no"):
        wild.write_section(rows())
    assert document.read_text() == "no marks"
