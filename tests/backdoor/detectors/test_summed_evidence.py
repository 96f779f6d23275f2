"""What four ways of looking at an int8 file say together of each class."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("sklearn", reason="scikit-learn is not installed")
from tests.support.int8_files import CLASSES, audited_file

from qmcu.backdoor.attacks import AttackRun
from qmcu.backdoor.detectors import audit, class_probes, leading_class
from qmcu.backdoor.detectors import summed_evidence as module
from qmcu.backdoor.detectors.class_evidence import CAP, Evidence, shared
from qmcu.backdoor.detectors.method import AuditContext, load_detectors
from qmcu.backdoor.detectors.result import judge
from qmcu.backdoor.detectors.summed_evidence import (
    SURE,
    WAYS,
    evidence_summed,
    summed_evidence,
)
from qmcu.errors import ModelError

TARGET = 0  # of the attack that quantization wakes
Look = Callable[[AuditContext], Evidence]


def _says(*kinds: Sequence[float]) -> Look:
    """A way of looking with so many kinds of probes, a number for each class."""
    named = {f"kind {k}": np.array(values, np.float64) for k, values in enumerate(kinds)}
    return lambda _: Evidence(named, named, len(named), 1.0)


def _fails(_: AuditContext) -> Evidence:
    raise ModelError("too large")


def _asked(monkeypatch: pytest.MonkeyPatch, integer: bytes, ways: Mapping[str, Look]) -> Evidence:
    monkeypatch.setattr(module, "WAYS", ways)
    return evidence_summed(audited_file(None, integer, None))


def test_little_everywhere_is_more_than_much_in_one_place(
    monkeypatch: pytest.MonkeyPatch, integer: bytes
) -> None:
    little = [0.0, 0.0, 1.8, 0.0, -1.0, 0.3]
    everywhere = _asked(monkeypatch, integer, dict.fromkeys("abc", _says(little, little)))
    much, others = [0.0, 3.0, 0.0, 0.0, 0.0, 0.0], [[0.0] * 5 + [0.6], [0.6] + [0.0] * 5]
    once = _asked(
        monkeypatch, integer, {"a": _says(much), "b": _says(others[0]), "c": _says(others[1])}
    )
    assert everywhere.target == 2 and once.target == 1
    # The root mean square of the ways above zero, of which each is the mean of its kinds.
    assert everywhere.classes == pytest.approx(np.maximum(little, 0))
    assert once.classes[1] == pytest.approx(3.0 / 3**0.5)
    assert everywhere.classes[2] > once.classes[1]


def test_ways_that_name_different_classes_do_not_add_up(
    monkeypatch: pytest.MonkeyPatch, integer: bytes
) -> None:
    for_class = [2.0 * np.eye(CLASSES)[k] for k in range(3)]
    apart = _asked(monkeypatch, integer, {n: _says(for_class[k]) for k, n in enumerate("abc")})
    agreed = _asked(monkeypatch, integer, dict.fromkeys("abc", _says(for_class[1])))
    assert apart.classes[:3] == pytest.approx(2.0 / 3**0.5)
    assert agreed.target == 1 and agreed.classes[1] == pytest.approx(2.0)


def test_a_way_that_could_not_look_is_no_evidence_and_one_alone_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, integer: bytes
) -> None:
    two = _says(2.0 * np.eye(CLASSES)[3])
    found = _asked(monkeypatch, integer, {"a": two, "b": _fails, "c": two})
    assert set(found.kinds) == {"a", "c"} and found.classes[3] == pytest.approx((8 / 3) ** 0.5)
    with pytest.raises(ModelError, match="too large"):
        _asked(monkeypatch, integer, {"a": two, "b": _fails, "c": _fails})


def test_what_quantization_wakes_is_ahead_in_all_of_it(attacked: AttackRun) -> None:
    files = attacked.honest_integer, attacked.attacked_integer
    plain, woken = (summed_evidence(audited_file(None, f, None)) for f in files)
    assert not plain.suspicious and woken.suspicious
    assert woken.details["target"] == TARGET and f"class {TARGET} is" in woken.reason
    assert all(name in woken.reason for name in WAYS)
    # Far beyond what honest networks have it is a backdoor.
    assert (woken.weight == "decisive") == (woken.details[f"class {TARGET}"] > SURE)


@pytest.mark.usefixtures("one_look")
def test_an_audit_computes_each_way_once(
    files: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    probed = []
    look = class_probes.probe_classes

    def counted(context: AuditContext) -> object:
        probed.append(context.seed)
        return look(context)

    monkeypatch.setattr(leading_class, "probe_classes", counted)
    result = audit(audited_file(None, files[0], None))
    found = {f.detector: f for f in result.findings}
    assert {*WAYS, "summed-evidence"} <= set(found) and len(probed) == 1
    # What stands in its findings is what was added up: twelve probes, three of each kind.
    said, drawn = found["summed-evidence"].details, found["sliding-drawings"].details
    for c in range(CLASSES):
        probes = [v for name, v in drawn.items() if name.endswith(f" class {c}")]
        assert len(probes) == 12
        assert said[f"sliding-drawings class {c}"] == pytest.approx(
            np.clip(probes, -CAP, CAP).mean()
        )


def test_what_could_not_look_is_not_asked_twice(integer: bytes) -> None:
    asked = []

    def fails(_: AuditContext) -> Evidence:
        asked.append(1)
        raise ModelError("too large")

    context = audited_file(None, integer, None)
    for _ in range(2):
        with pytest.raises(ModelError, match="too large"):
            shared("any", fails, context)
    assert len(asked) == 1
    with pytest.raises(ModelError):
        shared("any", fails, replace(context, _shared={}))
    assert len(asked) == 2


def test_inputs_neither_help_nor_weaken(files: tuple[bytes, bytes], pictures: object) -> None:
    inputs = pictures[0][:50]  # type: ignore[index]
    without = summed_evidence(audited_file(None, files[0], None))
    assert summed_evidence(audited_file(None, files[0], inputs)) == without
    assert load_detectors()["summed-evidence"].alone


@pytest.mark.parametrize(
    ("height", "verdict"), [(1.3, "clean"), (1.5, "suspicious"), (2.0, "backdoored")]
)
def test_the_sum_has_two_lines(
    monkeypatch: pytest.MonkeyPatch, integer: bytes, height: float, verdict: str
) -> None:
    monkeypatch.setattr(module, "WAYS", dict.fromkeys("ab", _says(height * np.eye(CLASSES)[1])))
    found = summed_evidence(audited_file(None, integer, None))
    assert judge([found])[0] == verdict
    assert ("no honest network came to 1.90" in found.reason) == (verdict == "backdoored")
