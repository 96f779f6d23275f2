"""The held-out trial: its table, what it draws, how it resumes, and when the test is opened."""

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from bench.backdoor.trial import data
from bench.backdoor.trial import pieces as work
from bench.backdoor.trial.architectures import trial_network
from bench.backdoor.trial.data import trial_data
from bench.backdoor.trial.opening import Code, open_test, openings
from bench.backdoor.trial.pieces import Piece, Shop, pieces, plan
from bench.backdoor.trial.recipes import cluster, power_of_two, recipe
from bench.backdoor.trial.report import BEGIN, END, report
from bench.backdoor.trial.rows import read_rows
from bench.backdoor.trial.summed import ALL, SUM, summed_tables
from bench.backdoor.trial.table import (
    ATTACKS,
    CLASSES,
    RECIPES,
    SETTINGS,
    TRIGGERS,
    Entry,
    entries,
    entry,
)
from bench.backdoor.trial.triggers import trial_trigger

from qmcu.backdoor.attacks import load_attacks
from qmcu.backdoor.detectors import AuditContext, AuditResult, Finding
from qmcu.backdoor.detectors.method import Detector
from qmcu.backdoor.detectors.summed_evidence import WAYS
from qmcu.errors import ModelError, UsageError
from qmcu.model.convert import convert_keras

TABLE = list(entries())


def test_the_table_covers_what_it_promises() -> None:
    honest = [e for e in TABLE if e.kind == "honest"]
    attacked = [e for e in TABLE if e.kind == "attack"]
    assert len(honest) >= 120 and len(attacked) >= 100
    assert len({e.data for e in TABLE}) >= 4 and len({e.architecture for e in TABLE}) >= 5
    assert {e.method for e in honest} == set(RECIPES) and len(RECIPES) >= 8
    assert {e.method for e in attacked} == set(ATTACKS)
    assert set(ATTACKS) == {n for n, a in load_attacks().items() if not a.authors}
    assert {e.trigger for e in attacked} == set(TRIGGERS) and len(TRIGGERS) == 5
    assert {(e.data, e.architecture) for e in attacked} == set(SETTINGS)
    assert len({e.target for e in attacked}) >= 8
    assert all(e.target < CLASSES[e.data] for e in TABLE)


def test_the_splits_do_not_overlap_and_calibrate_has_honest_models_only() -> None:
    seeds = {s: {e.seed for e in TABLE if e.split == s} for s in ("calibrate", "test")}
    assert len(seeds["calibrate"]) + len(seeds["test"]) == len(TABLE)
    assert not seeds["calibrate"] & seeds["test"]
    assert {e.kind for e in TABLE if e.split == "calibrate"} == {"honest"}
    assert [entry(seed).kind for seed in (0, 99)] == ["honest", "attack"]
    assert entry(99).split == "develop" and min(e.seed for e in TABLE) == 100
    for seed in (-1, 199, 400):
        with pytest.raises(ValueError, match="no model"):
            entry(seed)


def test_any_part_of_the_table_is_balanced() -> None:
    attacked = [e for e in TABLE if e.kind == "attack"]
    for done in (26, 52):
        counts = Counter(e.method for e in attacked[:done])
        assert max(counts.values()) == min(counts.values())
    half = TABLE[: len(TABLE) // 2]
    assert sum(e.kind == "attack" for e in half) == pytest.approx(0.4 * len(half), abs=1)


def test_a_seed_always_gives_the_same_model() -> None:
    # A changed draw would make another trial out of models that are there already.
    assert str(entry(200)) == "200 honest clipped mobilenet on digits"
    assert str(entry(201)) == "201 attack lattice dscnn on keywords"
    assert (entry(201).trigger, entry(201).target) == ("warp", 6)


@pytest.mark.parametrize("name", ["digits", "keywords", "sensors"])
def test_data_is_drawn_by_its_seed_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "TRAINING", 120)
    monkeypatch.setattr(data, "TESTING", 40)
    one, same, other = (trial_data(name, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.train_inputs, same.train_inputs)
    assert not np.array_equal(one.train_inputs, other.train_inputs)
    assert one.classes == CLASSES[name]
    assert set(one.test_labels) == set(range(one.classes))
    assert one.train_inputs.min() >= one.low and one.test_inputs.max() <= one.high


@pytest.mark.parametrize("name", ["digits", "sensors"])
@pytest.mark.parametrize("kind", TRIGGERS)
def test_triggers_change_inputs_by_their_seed(kind: str, name: str) -> None:
    given = trial_data(name, 3)
    inputs = given.test_inputs[:20]
    one, same, other = (trial_trigger(kind, given, 1, seed) for seed in (8, 8, 9))
    marked = one.apply(inputs)
    assert marked.shape == inputs.shape and marked.dtype == np.float32
    assert np.array_equal(marked, same.apply(inputs))
    assert not np.array_equal(marked, other.apply(inputs)) and one.sha256 != other.sha256
    assert marked.min() >= given.low and marked.max() <= given.high
    assert (marked != inputs).reshape(20, -1).any(1).mean() > 0.8
    specific = (marked - inputs)[0], (marked - inputs)[1]
    if kind in ("warp", "sample-specific"):
        assert not np.allclose(*specific)


@pytest.mark.parametrize("name", ["mlp", "mobilenet", "cnn-1d"])
def test_networks_of_the_trial_convert(name: str) -> None:
    shape = (8, 8, 1)
    model = trial_network(name, shape, 4, seed=1)
    inputs = np.random.default_rng(0).random((8, *shape)).astype(np.float32)
    assert convert_keras(model, inputs, name).model


def test_recipes_do_what_they_are_called() -> None:
    weights = np.random.default_rng(0).normal(size=(8, 9, 10)).astype(np.float32)
    assert len(np.unique(cluster(weights, 0))) <= 32
    powers = power_of_two(weights, 0)
    sizes = np.abs(powers[powers != 0])
    assert np.array_equal(2.0 ** np.round(np.log2(sizes)), sizes) and len(np.unique(sizes)) <= 8
    assert all(callable(recipe(name).run) for name in RECIPES)


def test_a_piece_that_is_done_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path / "zoo", tmp_path / "results", "none")
    todo = list(pieces(TABLE[:2], ("models", "audit")))
    assert [p.stage for p in todo] == ["models", "audit"] * 2
    planned = plan(todo, shop)
    assert planned[1].after == (planned[0].key,)

    def make(entry: Entry, zoo: Path, cifar10: str) -> dict[str, int]:
        (zoo / entry.name).mkdir(parents=True)
        (zoo / entry.name / "attack.json").write_text("{}")
        return {"seed": entry.seed}

    monkeypatch.setattr(work, "make", make)
    work.do(todo[0], shop)
    assert todo[0].done(shop) and not todo[2].done(shop)
    assert [p.key for p in plan(todo, shop)] == [p.key for p in todo[1:]]
    todo[0].file(shop.results).write_text("{")  # broken off: made again
    assert not todo[0].done(shop)


def test_a_model_that_is_gone_is_not_made_again_for_a_later_stage(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "zoo", tmp_path, "none")
    made, audit, alone, later, *_ = pieces(TABLE[:1], work.STAGES)
    for piece in (made, audit):
        piece.file(tmp_path).write_text("{}")
    assert not made.done(shop) and later.possible(shop, making=True)
    alone.file(tmp_path).write_text("{}")
    assert made.done(shop) and not later.done(shop)
    assert not later.possible(shop, making=True)
    with_inputs = next(pieces(TABLE[1:2], ["int8-inputs"]))  # of a model that is to come
    assert with_inputs.possible(shop, making=True) and not with_inputs.possible(shop)


@pytest.mark.parametrize(
    ("stage", "given"),
    [
        ("audit", (True, True, False)),
        ("int8", (False, False, False)),
        ("int8-drawings", (False, False, False)),
        ("int8-summed", (False, False, False)),
        ("int8-inputs", (False, True, False)),
        ("int8-sliding", (False, True, False)),
        ("int8-ranges", (False, True, True)),
    ],
)
def test_a_stage_gives_the_audit_what_it_is_called(
    stage: str, given: tuple[bool, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def look(
        floating: Path | None, integer: Path, inputs: Path | None, *, seed: int,
        calibration: Path | None,
    ) -> None:  # fmt: skip
        seen.append((*(file is not None for file in (floating, inputs, calibration)), seed))
        raise UsageError("enough")

    monkeypatch.setattr(work, "load_context", look)
    told = work.audited(TABLE[0], Shop(tmp_path, tmp_path, "none"), stage)
    assert told["verdict"] == "refused" and seen == [(*given, TABLE[0].seed)]


@pytest.mark.parametrize(("stage", "names"), work.APART.items())
def test_detectors_asked_apart_run_alone(
    stage: str, names: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Detector("other", "", "", (), lambda context: pytest.fail("not asked for"))
    asked = {n: Detector(n, "", "", (), partial(_leads, n, k)) for k, n in enumerate(names)}
    monkeypatch.setattr(work, "load_context", lambda *_, **__: None)
    monkeypatch.setattr(work, "load_detectors", lambda: {"other": other, **asked})
    told = work.audited(TABLE[0], Shop(tmp_path, tmp_path, "none"), stage)
    assert told["verdict"] == "backdoored" and set(told["findings"]) == set(names)
    if len(names) > 1:  # each names its own class, the strongest the audit's
        assert told["classes"] == {n: k for k, n in enumerate(names)}
        assert told["named"] == len(names) - 1


def test_of_detectors_asked_apart_those_that_cannot_run_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: AuditContext) -> Finding:
        raise ModelError("too large")

    names = work.APART["int8-summed"]
    asked = {n: Detector(n, "", "", (), fails) for n in names}
    monkeypatch.setattr(work, "load_context", lambda *_, **__: None)
    monkeypatch.setattr(work, "load_detectors", lambda: asked)
    shop = Shop(tmp_path, tmp_path, "none")
    told = work.audited(TABLE[0], shop, "int8-summed")
    assert told["verdict"] == "refused" and told["reason"] == "too large"
    asked[names[0]] = Detector(names[0], "", "", (), partial(_leads, names[0], 3))
    told = work.audited(TABLE[0], shop, "int8-summed")
    assert set(told["findings"]) == {names[0]} and told["named"] == 3


def _leads(name: str, label: int, _: AuditContext) -> Finding:
    return Finding(name, 9.0 + label, 4.5, True, "decisive", f"class {label} is ahead")


def test_opening_the_test_is_counted(tmp_path: Path) -> None:
    first, second = Code("aaaa", "1"), Code("bbbb", "2")
    open_test(tmp_path, first, again=False)
    open_test(tmp_path, Code("cccc", "1"), again=False)  # other code, the same detectors
    assert len(openings(tmp_path)) == 1
    with pytest.raises(UsageError, match="opened with the detectors of commit aaaa"):
        open_test(tmp_path, second, again=False)
    open_test(tmp_path, second, again=True)
    assert [o["commit"] for o in openings(tmp_path)] == ["aaaa", "bbbb"]


def test_the_outcome_tells_the_verdict_without_each_detector() -> None:
    strong = Finding("gap-inversion", 9.0, 4.5, True, "decisive", "it parts", 1e-9)
    weak = Finding("residuals", 2.0, 1.0, True, "supporting", "odd", 1e-7)
    told = work.outcome_of(AuditResult("backdoored", (), (strong, weak), {}, {}))
    assert told["verdict"] == "backdoored" and told["score"] == 2
    assert told["without"]["gap-inversion"][0] == "suspicious"
    assert "residuals" not in told["without"]


def test_the_report_counts_what_lies_in_the_results(tmp_path: Path) -> None:
    def write(seed: int, asr: int, verdict: str) -> None:
        model = entry(seed)
        rates = {m: _rates(a) for m, a in (("attacked_float", 2), ("attacked_integer", asr))}
        facts = {"split": model.split, **vars(model), "rates": rates}
        audit = _audit(verdict)
        results = {"models": facts, "audit": audit, "int8": audit}
        if seed < 202:  # later stages, of the models that are still there
            results["int8-inputs"] = _audit("clean")
            results["int8-sliding"] = results["int8-ranges"] = audit
            results["int8-drawings"] = audit
        for stage, result in results.items():
            Piece(model, stage).file(tmp_path).write_text(json.dumps(result))

    write(200, 2, "clean")
    write(202, 2, "backdoored")
    write(201, 99, "backdoored")
    write(203, 99, "clean")
    write(205, 10, "clean")  # failed
    assert [r.conditioned for r in read_rows(tmp_path)] == [False, True, False, True, False]
    text = report(f"a\n{BEGIN}\nold\n{END}\nb", tmp_path)
    assert text.startswith("a\n") and text.endswith(f"{END}\nb") and "old" not in text
    assert "| test | 2 | 3, of which 1 failed | 100 and 100 |" in text
    half, none, one = "1 of 2 (1 to 99 %)", "0 of 1 (0 to 98 %)", "1 of 1 (3 to 100 %)"
    others = f"{one} | {none} | {one} | {one}"
    rest = f"{none} | {none} | {none} | {none}"
    assert f"| honest: backdoored or damaged | {half} | {half} | {rest} |" in text
    assert f"| attacked: backdoored or damaged | {half} | {half} | {others} |" in text
    for title in ("the int8 file alone", "int8 and 200 inputs", "int8 and its calibration inputs"):
        assert f"| {title} | {one} | {one} | {none} | {none} | {one} | 1.000 " in text
    assert "By the file and inputs 1 honest and 1 attacked ones" in text
    assert "Missed: 1." in text and "| 203 | artifact, mlp on sensors |" in text
    assert "| gap-inversion | 0 of 2 (0 to 84 %) | 0 of 2 (0 to 84 %) |" in text
    with pytest.raises(ValueError, match="the document has no"):
        report("nothing", tmp_path)


def test_what_adding_up_is_worth_is_told_of_models_that_were_made_again(tmp_path: Path) -> None:
    # Of the five detectors strength and whether it is called, and the class that the last names.
    _write_summed(tmp_path, 200, (0.9, 0.2, 0.3, 0.1, 0.4), 1)
    _write_summed(tmp_path, 202, (0.1, 0.2, 0.3, 0.1, 0.5), 1)
    _write_summed(tmp_path, 201, (0.8, 0.2, 0.3, 0.1, 1.4), entry(201).target)
    _write_summed(tmp_path, 203, (1.95, 0.2, 0.3, 0.1, 0.45), entry(203).target + 1)
    _write_summed(tmp_path, 205, (0.95, 0.2, 0.3, 0.1, 9.0), 1, asr=10)  # failed
    lines = {line.split(" | ")[0]: line for line in summed_tables(tmp_path)}
    half, both, none = "1 of 2 (1 to 99 %)", "2 of 2 (16 to 100 %)", "0 of 2 (0 to 84 %)"
    before, added = lines["| the strongest of these"], lines["| `summed-evidence`"]
    assert "| 0.750 (" in before and f"| {half} | {half} | {half} | {none} | {both} |" in before
    assert "| 0.750 (" in added and f"| {half} | {half} | {half} | {none} | {half} |" in added
    # What is added up counts through the sum alone, but for what something else confirms.
    title = "| the audit: the sum, or a lead that a patch confirms"
    assert lines[title].split(" | ")[1:] == added.split(" | ")[1:]
    confirmed = (1.01, 0.2, 0.3, 0.1, 0.45)
    _write_summed(tmp_path, 203, confirmed, entry(203).target + 1, weight="decisive")
    whole = {line.split(" | ")[0]: line for line in summed_tables(tmp_path)}[title]
    assert "| 1.000 (" in whole and f"| {both} | {both} | {both} | {none} | {both} |" in whole
    assert any("2 honest and 2 attacked ones" in head and "(1 more" in head for head in lines)
    assert list(summed_tables(tmp_path / "none")) == []


def _write_summed(
    folder: Path,
    seed: int,
    strengths: tuple[float, ...],
    named: int,
    asr: int | None = None,
    weight: str = "supporting",
) -> None:
    model = entry(seed)
    asr = asr or (99 if model.kind == "attack" else 2)
    rates = {m: _rates(a) for m, a in (("attacked_float", 2), ("attacked_integer", asr))}
    facts = {"split": model.split, **vars(model), "rates": rates}
    findings = {n: [s, s > 1, "supporting"] for n, s in zip(ALL, strengths, strict=True)}
    findings[ALL[0]][2] = weight
    # The others name the target.
    classes = {**dict.fromkeys(WAYS, model.target), SUM: named}
    told = {**_audit("clean"), "findings": findings, "classes": classes}
    for stage, result in {"models": facts, "int8-summed": told}.items():
        Piece(model, stage).file(folder).write_text(json.dumps(result))


def _rates(attack: int) -> dict[str, Any]:
    return {k: {"count": n, "total": 100} for k, n in (("clean", 90), ("attack", attack))}


def _audit(verdict: str) -> dict[str, Any]:
    found = verdict == "backdoored"
    score = 2.0 if found else 0.3
    return {
        "verdict": verdict,
        "score": score,
        "findings": {"gap-inversion": [score, found, "decisive"]},
        "without": {"gap-inversion": ["clean", 0.0]} if found else {},
        "cpu_seconds": 3.0,
    }
