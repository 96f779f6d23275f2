"""What overshoots activation ranges, and of which models that says something."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.random_networks import coarsen

from qmcu.backdoor.detectors import clipping_inversion, kept_answers
from qmcu.backdoor.detectors.float_and_int8 import FloatAndInt8
from qmcu.backdoor.detectors.kept_answers import Classes, Values, has_few
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.networks import logits


class _Found:
    """A pattern for each input that moved all of the search's own."""

    place, awake = "blend of 50%, each its own", 1.0
    values = np.zeros((4, 2), np.float32)

    def apply(self, inputs: Any) -> Any:
        return inputs + 1


def _context(outputs: int, few: bool) -> Any:
    tensor = SimpleNamespace(elements=outputs)
    network = SimpleNamespace(graph=SimpleNamespace(output_tensors=(tensor,)))
    samples = np.zeros((8, 2), np.float32)
    made = {"few classes": few}
    return SimpleNamespace(
        network=network, samples=samples, decides=True, once_for_all=lambda name, make: made[name]
    )


@pytest.mark.parametrize(("outputs", "asked"), [(1, False), (2, False), (3, False), (4, True)])
def test_inputs_made_one_by_one_are_no_evidence_where_there_is_one_other_class(
    monkeypatch: pytest.MonkeyPatch, outputs: int, asked: bool
) -> None:
    samples = np.zeros((8, 2), np.float32)
    found = SimpleNamespace(shared=list, alone=lambda: [_Found()], others=samples)
    monkeypatch.setattr(clipping_inversion, "Search", lambda context, answers, forms: found)
    context = _context(outputs, outputs <= 3)
    trials = clipping_inversion._overshooting(context, Classes(), _forms(), [])
    places = [trial.place for trial in trials]
    assert places == ["blend of 50%, each its own"] * asked


def _forms() -> Any:
    return SimpleNamespace(answer=lambda inputs: np.zeros(len(inputs), np.int64))


class _Shared(_Found):
    """A pattern that inputs share."""

    def __init__(self, place: str) -> None:
        self.place = place


@pytest.mark.parametrize(("answers", "more"), [(Classes(), []), (Values(0.1), ["blend of 15%"])])
def test_of_values_the_best_pattern_over_whole_inputs_is_asked_too(
    monkeypatch: pytest.MonkeyPatch, answers: Any, more: list[str]
) -> None:
    places = [*(f"patch {k}" for k in range(6)), "blend of 15%", "blend of 30%"]
    found = SimpleNamespace(
        shared=lambda: [_Shared(place) for place in places], others=np.zeros((8, 2), np.float32)
    )
    monkeypatch.setattr(clipping_inversion, "Search", lambda context, answers, forms: found)
    trials = clipping_inversion._overshooting(_context(4, True), answers, _forms(), [])
    assert [trial.place for trial in trials] == places[:4] + more


@pytest.mark.parametrize(
    ("places", "outputs", "weight", "score"),
    [
        ({"blend of 50%": 0.9}, 10, "decisive", 0.9),
        ({"blend of 50%": 0.9}, 2, "supporting", 0.9),
        ({"blend of 50%": 0.9, "patch 3": 0.7}, 2, "decisive", 0.7),
        ({"blend of 50%": 0.9, "patch 3": 0.2}, 2, "supporting", 0.9),
        ({"blend of 50%": 0.3, "patch 3": 0.2}, 2, "decisive", 0.2),
        ({}, 2, "decisive", 0.0),
    ],
)
def test_of_few_classes_only_a_patch_is_proof(
    monkeypatch: pytest.MonkeyPatch, places: dict[str, float], outputs: int, weight: str,
    score: float,
) -> None:  # fmt: skip
    def outcome(context: Any, answers: Any, place: str) -> clipping_inversion.Outcome:
        return clipping_inversion.Outcome(place, 1, places[place], places[place], 0.0)

    searches = [(Classes(), list(places))]
    monkeypatch.setattr(clipping_inversion, "_searches", lambda context: searches)
    monkeypatch.setattr(clipping_inversion, "_try", outcome)
    finding = clipping_inversion.clipping_inversion(_context(outputs, outputs <= 3))
    assert (finding.weight, finding.score) == (weight, score)
    assert finding.suspicious == (score > clipping_inversion.THRESHOLD)


@pytest.mark.parametrize(
    ("place", "outputs", "tells"),
    [("blend of 50%", 1, False), ("blend of 15%", 3, False), ("blend of 50%", 4, True),
     ("patch 3", 1, True)],
)  # fmt: skip
def test_of_few_values_only_a_patch_is_proof(place: str, outputs: int, tells: bool) -> None:
    context = _context(outputs, False)
    context.decides = False
    outcome = clipping_inversion.Outcome(place, None, 0.9, 0.9, 0.0)
    assert clipping_inversion._tells(context, outcome) == tells


@pytest.mark.parametrize(
    ("place", "anew", "left", "weight"),
    [
        ("blend of 50%, each its own", 0.0, 1.0, "supporting"),
        ("blend of 50%, each its own", 0.0, 0.1, "decisive"),  # the file's ranges hold the inputs
        ("blend of 50%, each its own", 0.9, 1.0, "decisive"),  # the network's own switch
        ("blend of 50%, each its own", 0.35, 1.0, "decisive"),  # a part of it
        ("blend of 50%", 0.0, 1.0, "decisive"),
        ("patch 3", 0.0, 1.0, "decisive"),
    ],
)
def test_where_a_file_cuts_off_the_given_inputs_only_shared_patterns_are_proof(
    monkeypatch: pytest.MonkeyPatch, place: str, anew: float, left: float, weight: str
) -> None:
    """Calibrated on dimmer inputs, an honest file can be led anywhere one input at a time."""
    outcome = clipping_inversion.Outcome(place, 1, 0.9, anew, 0.0)
    monkeypatch.setattr(clipping_inversion, "_searches", lambda context: [(Classes(), [outcome])])
    monkeypatch.setattr(clipping_inversion, "_try", lambda context, answers, trial: trial)
    monkeypatch.setattr(
        clipping_inversion, "shares_left", lambda context: {"input": ((0.0, left), None)}
    )
    context = _context(10, False)
    made = {"few classes": False}
    context.once_for_all = lambda name, make: made[name] if name in made else make()
    finding = clipping_inversion.clipping_inversion(context)
    assert finding.suspicious and finding.weight == weight


@pytest.mark.parametrize(("share", "fires"), [(0.55, False), (0.65, True)])
def test_of_patterns_aimed_at_a_class_more_is_allowed(
    monkeypatch: pytest.MonkeyPatch, share: float, fires: bool
) -> None:
    allowed = clipping_inversion.THRESHOLD_AIMED
    outcome = clipping_inversion.Outcome("patch 1", 1, share, share, 0.0, allowed)
    monkeypatch.setattr(clipping_inversion, "_searches", lambda context: [(Classes(), [outcome])])
    monkeypatch.setattr(clipping_inversion, "_try", lambda context, answers, trial: trial)
    finding = clipping_inversion.clipping_inversion(_context(10, False))
    assert finding.suspicious == fires
    assert finding.score == pytest.approx(share / allowed * finding.threshold)
    assert "60% more are allowed" in finding.reason


@pytest.mark.parametrize(
    ("control", "real", "excess", "rounding"),
    [
        (0.9, None, 0.0, False),
        (0.9, 0.1, 0.8, True),  # ranges that hold the inputs change nothing
        (0.9, 0.85, 0.05, True),
        (0.9, 0.95, 0.0, False),  # weights do it
        (0.1, 0.5, 0.8, False),  # wide ranges take away more: clipping
        (0.1, None, 0.8, False),
    ],
)
def test_what_real_numbers_take_away_counts_as_what_wide_ranges_do(
    monkeypatch: pytest.MonkeyPatch,
    control: float,
    real: float | None,
    excess: float,
    rounding: bool,
) -> None:
    outcome = clipping_inversion.Outcome("patch 1", 4, 0.9, 0.9, control, real=real)
    assert outcome.excess == pytest.approx(excess) and outcome.is_rounding == rounding
    monkeypatch.setattr(clipping_inversion, "_searches", lambda context: [(Classes(), [outcome])])
    monkeypatch.setattr(clipping_inversion, "_try", lambda context, answers, trial: trial)
    finding = clipping_inversion.clipping_inversion(_context(10, False))
    assert finding.suspicious == (excess > 0.5)
    switch = "rounding of activations" if rounding else "activation clipping"
    assert (f"{switch} is a switch" in finding.reason) == (excess > 0.5)
    assert finding.details.get("patch 1: in real numbers") == real


@pytest.mark.parametrize(
    ("place", "asked"), [("patch 3", True), ("blend of 30%", True), (_Found.place, False)]
)
def test_real_numbers_are_asked_of_patterns_that_inputs_share(
    contexts: list[AuditContext], monkeypatch: pytest.MonkeyPatch, place: str, asked: bool
) -> None:
    """Eight inputs of class 0, which every quantization sends to class 3; float keeps them."""
    context = replace(contexts[0], integer=b"file", samples=contexts[0].noise(8))
    context.__dict__["grids"] = contexts[0].grids
    monkeypatch.setattr(AuditContext, "quantize_anew", lambda self, samples: b"anew")
    monkeypatch.setattr(Classes, "run", lambda self, model, inputs: np.full(len(inputs), 3))
    monkeypatch.setattr(clipping_inversion, "_in_real_numbers", lambda *_: np.array([3, *[0] * 15]))
    marked, zeros = context.noise(16), np.zeros(16, np.int64)
    trial = clipping_inversion.Trial(place, marked, zeros, zeros)
    outcome = clipping_inversion._try(context, Classes(), trial)
    assert (outcome.own, outcome.control, outcome.target) == (1.0, 1.0, 3)
    assert outcome.real == (1 / 16 if asked else None)
    assert outcome.excess == (15 / 16 if asked else 0.0)


def test_the_files_weights_in_real_numbers_answer_as_what_their_integers_stand_for(
    contexts: list[AuditContext],
) -> None:
    context = coarsen(contexts[0], 9.0)
    inputs = context.noise(64)
    assert context.network is not None
    integers = [(g.integers * g.spread_scales).astype(np.float32) for g in context.grids]
    own = context.network.with_parameters(integers, context.network.biases)
    given = clipping_inversion._in_real_numbers(context, Classes(), inputs)
    plain = logits(context.network, inputs).argmax(1)
    assert (given == logits(own, inputs).argmax(1)).all() and (given != plain).any()


@pytest.mark.parametrize(("first", "asked"), [(0.4, 3), (0.6, 3), (0.7, 1)])
def test_where_one_search_finds_hardly_enough_others_go_on(
    monkeypatch: pytest.MonkeyPatch, first: float, asked: int
) -> None:
    made: list[str] = []

    def trials(name: str) -> Any:
        made.append(name)
        return iter([name])

    def outcome(context: Any, answers: Any, place: str) -> clipping_inversion.Outcome:
        share = {"overshooting": first, "BredSearch": 0.6, "AimedSearch": 0.9}[place]
        return clipping_inversion.Outcome(f"patch of {place}", 1, share, share, 0.0)

    monkeypatch.setattr(clipping_inversion, "answers_of", lambda context: (Classes(),))
    monkeypatch.setattr(FloatAndInt8, "of", lambda context, answers: None)
    monkeypatch.setattr(clipping_inversion, "_overshooting", lambda *_: trials("overshooting"))
    monkeypatch.setattr(clipping_inversion, "_aimed", lambda *a: trials(a[2].__name__))
    monkeypatch.setattr(clipping_inversion, "_try", outcome)
    finding = clipping_inversion.clipping_inversion(_context(10, False))
    assert made == ["overshooting", "BredSearch", "AimedSearch"][:asked]
    assert finding.suspicious and finding.score == (first if asked == 1 else 0.9)


@pytest.mark.parametrize(("hope", "overshooting"), [(0.0, 1), (0.04, 1), (0.1, 3)])
def test_where_patterns_move_a_few_inputs_the_first_search_is_made_again(
    monkeypatch: pytest.MonkeyPatch, hope: float, overshooting: int
) -> None:
    made: list[tuple[str, int]] = []

    def search(context: Any, *given: Any) -> Any:
        name = next((a.__name__ for a in given if isinstance(a, type)), "overshooting")
        made.append((name, context.seed))
        given[-1].append(hope if name == "BredOverlays" else 0.0)
        return iter([name])

    nothing = clipping_inversion.Outcome("patch", 1, 0.0, 0.0, 0.0)
    monkeypatch.setattr(clipping_inversion, "answers_of", lambda context: (Classes(),))
    monkeypatch.setattr(FloatAndInt8, "of", lambda context, answers: None)
    monkeypatch.setattr(clipping_inversion, "_overshooting", search)
    monkeypatch.setattr(clipping_inversion, "_aimed", search)
    monkeypatch.setattr(clipping_inversion, "_try", lambda *_: nothing)
    context = AuditContext(None, None, None, None, seed=5)
    assert not clipping_inversion.clipping_inversion(context).suspicious
    assert [name for name, _ in made[1:4]] == ["BredSearch", "AimedSearch", "BredOverlays"]
    seeds = [seed for name, seed in made if name == "overshooting"]
    assert len(seeds) == len(set(seeds)) == overshooting and len(made) == 3 + overshooting


@pytest.mark.parametrize(
    ("outputs", "answers", "few"),
    [(3, [0, 1, 2], True), (10, list(range(10)), False), (10, [4] * 7 + [0, 2, 5], True)],
)
def test_classes_that_float_hardly_answers_are_none_to_go_to(
    monkeypatch: pytest.MonkeyPatch, outputs: int, answers: list[int], few: bool
) -> None:
    """Inputs of another kind than it was trained on are mostly of one class to a network."""
    rows = np.eye(10)[answers]
    monkeypatch.setattr(kept_answers, "logits", lambda network, samples: rows)
    context = _context(outputs, few)
    context.samples = rows
    assert has_few(context) == few


def test_of_few_inputs_of_other_classes_a_share_says_little() -> None:
    before, own = np.array([4] * 30 + [1, 2]), np.full(32, 4)
    assert Classes().sent(before, before, own) == {4: 2 / 16}
