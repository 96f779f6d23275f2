"""`--auto`: every defence tried, the best of those that pass kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

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
from qmcu.backdoor.rates.metrics import Rate
from qmcu.cli.main import run
from qmcu.errors import UsageError


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
