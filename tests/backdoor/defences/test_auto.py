"""`--auto`: every defence tried, the best of those that pass kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.defences import defend, defend_arguments
from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.defences import auto, method
from qmcu.backdoor.defences import files as defend_file
from qmcu.backdoor.defences.auto import Trial, best_of, run_auto
from qmcu.backdoor.defences.method import DEFENCES
from qmcu.backdoor.defences.run import run_defence
from qmcu.backdoor.detectors.method import Finding
from qmcu.backdoor.detectors.result import AuditResult
from qmcu.backdoor.networks import logits
from qmcu.backdoor.rates.metrics import Rate
from qmcu.cli.main import run
from qmcu.errors import UsageError
from qmcu.model.decision import decide


def test_auto_tries_the_methods_and_survives_one_that_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(_: Any) -> Any:
        raise UsageError("it broke.")

    monkeypatch.setitem(DEFENCES.data, "qvec", replace(DEFENCES.find("qvec"), run=breaking))
    network = small_network()
    trials = run_auto(network, samples_of(network), methods=["stochastic", "qvec"])
    assert [t.name for t in trials] == ["stochastic", "qvec"]
    assert trials[1].failure == "it broke." and not trials[1].passed
    assert best_of(trials) is trials[0]


def test_auto_seeks_the_ranges_once_for_all_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[str] = []

    def counted(name: str) -> Any:
        made = getattr(method, name)

        def count(*given: Any) -> Any:
            sought.append(name)
            return made(*given)

        return count

    network, passed = small_network(), AuditResult("clean", (), (), {}, {})
    for name in ("find_kept_overshoot", "find_limits"):
        monkeypatch.setattr(method, name, counted(name))
    monkeypatch.setattr(auto, "audit_defence", lambda run, samples: passed)
    trials = run_auto(network, samples_of(network), methods=["stochastic", "recoil"])
    assert sought == ["find_kept_overshoot", "find_limits"]
    alone = run_defence("recoil", network, samples_of(network))
    assert len(sought) == 4
    assert trials[1].run is not None and trials[1].run.model == alone.model


@pytest.mark.parametrize("labelled", [False, True])
def test_a_fifth_of_the_inputs_ranks_what_is_made_of_the_others(
    labelled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def given(name: str, network: Any, samples: Any, labels: Any, **how: Any) -> Any:
        seen.append((samples, labels, how["judged"]))
        return defend("stochastic")

    passed = AuditResult("clean", (), (), {}, {})
    monkeypatch.setattr(auto, "run_defence", given)
    monkeypatch.setattr(auto, "audit_defence", lambda run, samples: passed)
    network = small_network()
    samples, labels = samples_of(network, 53), np.arange(53) if labelled else None
    run_auto(network, samples, labels, methods=["stochastic"])
    run_auto(network, samples[:49], labels[:49] if labels is not None else None,
             methods=["stochastic"])  # fmt: skip
    (own, names, (judging, judged)), (few, _, none) = seen
    assert len(judging) == 10 and none is None and len(few) == 49
    both = np.concatenate([own, judging])
    assert np.array_equal(np.unique(both, axis=0), np.unique(samples, axis=0))
    if labels is not None:
        assert np.array_equal(samples[names], own) and np.array_equal(samples[judged], judging)


def test_answers_are_measured_on_the_inputs_that_judge() -> None:
    network = small_network()
    samples = samples_of(network)
    wrong = (np.asarray(decide(logits(network, samples[:7]))) + 1) % 3
    done = run_defence("stochastic", network, samples[7:], judged=(samples[:7], wrong))
    assert done.on == "kept back" and done.agreement.total == 7
    assert done.float_accuracy is not None and done.float_accuracy.count == 0
    assert run_defence("stochastic", network, samples).on == "calibration"


def trial(name: str, accuracy: int, verdict: Any, agreement: int = 90) -> Trial:
    rates: dict[str, Any] = {"accuracy": Rate(accuracy, 100), "agreement": Rate(agreement, 100)}
    done = replace(defend("stochastic"), **rates)
    return Trial(name, done, AuditResult(verdict, (), (), {}, {}))


def test_auto_keeps_the_best_accuracy_whose_audit_passes() -> None:
    trials = [trial("a", 99, "backdoored"), trial("b", 95, "suspicious"), trial("c", 95, "clean"),
              trial("d", 94, "clean", agreement=100)]  # fmt: skip
    best = best_of(trials)
    assert best is not None and best.name == "c"
    assert best_of(trials[:1]) is None


def test_auto_writes_nothing_when_no_audit_passes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    bad = trial("stochastic", 99, "backdoored")
    monkeypatch.setattr(defend_file, "run_auto", lambda *_, **__: (bad,))
    output = tmp_path / "x.tflite"
    assert run(["defend", "--auto", *defend_arguments(folder, output)]) == 1
    assert "no defence passed its audit; nothing was written" in capsys.readouterr().out
    assert not output.exists()


def test_auto_tries_wide_ranges_where_clipping_wakes_a_backdoor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[float] = []
    switch = Finding("clipping-inversion", 1.0, 0.5, True, "decisive", "a switch.")

    def audited(done: Any, *_: Any) -> AuditResult:
        asked.append(done.settings["narrow"])
        findings = (switch,) if done.settings["narrow"] else ()
        return AuditResult("backdoored" if findings else "clean", (), findings, {}, {})

    monkeypatch.setattr(auto, "audit_defence", audited)
    network = small_network()
    trials = run_auto(network, samples_of(network, 4), methods=["stochastic"])
    assert asked == [1.0, 0.0]
    assert [t.passed for t in trials] == [False, True]
    assert best_of(trials) is trials[1]
