"""The matrix of the backdoor lab: its pieces, how it resumes, and what its tables say."""

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from bench.backdoor import matrix
from bench.backdoor.document import BEGIN, END, document, points
from bench.backdoor.intervals import auroc
from bench.backdoor.matrix import Part, Piece, pieces
from bench.backdoor.store import read_results, result_file, write_result
from bench.backdoor.zoo import Setting, Workshop

SETTING = Setting("digits", "cnn-s", 10)
PART = Part(
    SETTING,
    honest={"plain": 2},
    attacks={"lattice": 2},
    defences=("efrap", "qvec"),
    defence_seeds=1,
    device_limit=5,
    finalists=("qvec",),
)


def rate(count: int) -> dict[str, int]:
    return {"count": count, "total": 100}


def rates(clean: int, attack: int) -> dict[str, Any]:
    return {"clean": rate(clean), "attack": rate(attack)}


def model(kind: str, name: str, seed: int, score: float, attack: int) -> dict[str, Any]:
    return {
        "setting": "cnn-s-digits",
        "kind": kind,
        "name": name,
        "seed": seed,
        "adaptive": "residuals" if name.startswith("adaptive") else "",
        "rates": {
            "honest_float": rates(90, 2),
            "honest_integer": rates(90, 2),
            "attacked_float": rates(88, 3),
            "attacked_integer": rates(87, attack),
        },
        "train_seconds": 5.0,
        "cores": 2,
        "audit": {
            "verdict": "backdoored" if score > 1 else "clean",
            "score": score,
            "scores": {"residuals": score / 2},
            "p_values": {"residuals": 0.1},
            "fired": ["residuals"] if score > 1.5 else [],
            "seconds": 3.0,
        },
        "device": rates(87, attack) | {"vectors": 9, "equal": 9, "device": "unicorn"},
    }


def test_every_attack_meets_every_defence_on_the_first_seed_and_the_finalists_on_all() -> None:
    stages = [(p.member.name, p.member.seed, p.stage) for p in pieces(PART)]
    assert [s for s in stages if s[0] == "lattice"] == [
        ("lattice", 0, "models"), ("lattice", 0, "audit"), ("lattice", 0, "device"),
        ("lattice", 0, "efrap"), ("lattice", 0, "qvec"),
        ("lattice", 1, "models"), ("lattice", 1, "audit"), ("lattice", 1, "device"),
        ("lattice", 1, "qvec"),
    ]  # fmt: skip
    assert not [s for s in stages if s[0] == "plain" and s[2] in PART.defences]


def test_what_is_done_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = next(p for p in pieces(PART) if p.stage == "audit")
    calls: list[str] = []
    monkeypatch.setattr(matrix, "_facts", lambda member, path: {"rates": {}})
    monkeypatch.setattr(matrix, "Folder", lambda path: type("F", (), {"integer": b""})())

    def audited(*given: object) -> dict[str, Any]:
        calls.append("audit")
        return {"score": 1}

    monkeypatch.setattr(matrix, "audited", audited)
    results = tmp_path / "results"
    for _ in range(2):
        if not piece.done(results, tmp_path):
            piece.do(results, Workshop(tmp_path))
    assert calls == ["audit"]
    assert not Piece(PART, piece.member, "device").done(results, tmp_path)


def test_a_result_is_a_file_a_piece_and_rows_come_in_the_tables_order(tmp_path: Path) -> None:
    rows = [
        model("attack", "adaptive-moved", 0, 1.0, 90),
        model("attack", "lattice", 1, 1.0, 90),
        model("attack", "lattice", 0, 1.0, 90) | {"defences": {"efrap": {"seconds": 1.0}}},
        model("honest", "quantization-aware", 0, 1.0, 90),
        model("honest", "plain", 0, 1.0, 90),
    ]
    for row in rows:
        member = f"{row['setting']} {row['kind']} {row['name']} {row['seed']}"
        facts = {k: v for k, v in row.items() if k not in ("audit", "device", "defences")}
        stages = {"models": facts, "audit": row["audit"], "device": row["device"]}
        for stage, result in (stages | row.get("defences", {})).items():
            write_result(tmp_path, member, stage, result)
    assert read_results(tmp_path) == rows[::-1]
    written = result_file(tmp_path, "cnn-s-digits attack lattice 0", "efrap")
    assert written == tmp_path / "cnn-s-digits" / "attack-lattice-0" / "defence-efrap.json"
    assert written.is_file()


def test_auroc_counts_ties_half() -> None:
    assert auroc([0, 1], [2, 3]) == 1
    assert auroc([0, 1], [0, 1]) == 0.5
    assert auroc([2], [1]) == 0


def test_the_document_keeps_what_people_wrote_and_says_what_was_measured() -> None:
    defended = model("attack", "lattice", 0, 3.0, 99)
    found = rates(88, 4) | {
        "float_clean": rate(88), "vectors": 9, "equal": 8, "device": "unicorn"
    }  # fmt: skip
    defended["defences"] = {"qvec": {"seconds": 2.0, "device": found, "honest_attack": rate(2)}}
    models = [
        model("honest", "plain", 0, 0.5, 2),
        model("honest", "pruned", 0, 2.0, 2),
        defended,
        model("attack", "adaptive-uniform", 0, 2.5, 98),
        model("attack", "adaptive-uniform", 1, 0.1, 9),  # stays asleep
    ]
    assert points(defended, "qvec") == pytest.approx((0, 2))
    text = document(models)
    assert (
        "| attack: lattice | 1 | 90.0 / 2.0 | 88.0 / 3.0 (3.0) | 87.0 / 99.0 (99.0) | 5 |" in text
    )
    whole = "| **whole audit** | 1.000 (0.03 to 1.00) | 1.000 (0.03 to 1.00) | 1 of 2 (1 to 99 %) |"
    assert whole in text
    assert "develop 2 honest and 3 attacked; calibrate 0 honest and 0 attacked" in text
    assert "None was kept apart" in text
    assert "| lattice | **+0.0 / +2.0** |" in text
    assert "1 attacked models are left out" in text
    assert "53 of 54 outputs equal" in text
    assert text.startswith("# Backdoors") and BEGIN in text and END in text


def test_plots_are_the_same_bytes_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from bench.backdoor import plots

    models = [model("honest", "plain", 0, 0.5, 2), model("attack", "pq", 0, 3.0, 99)]
    written = []
    for name in ("one", "two"):
        monkeypatch.setattr(plots, "FOLDER", tmp_path / name)
        plots.write_plots(models)
        written.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert written[0] == written[1]
    assert set(written[0]) == {"cnn-s-digits-attacks.svg", "cnn-s-digits-scores.svg"}
