"""What a verification concludes from its measurements, says, and keeps in its file."""

from dataclasses import replace

import pytest
from tests.support.results import differing_result, equal_result

from qmcu import documents
from qmcu.backdoor.inputs.triggers import TriggerChange
from qmcu.backdoor.rates.metrics import Rate
from qmcu.backdoor.verification.verdict import (
    CONDITIONED_GAP,
    Earlier,
    Form,
    Measurement,
    Reference,
    Sample,
    Verdict,
    Verification,
    check_honest_asr,
)
from qmcu.errors import UsageError

HIGH, LOW = Rate(400, 405), Rate(3, 405)


def measurement(form: Form, attack: Rate, verdict: Verdict) -> Measurement:
    return Measurement(form, "a program", Rate(440, 450), attack, Rate(4, 405), verdict)


def woken() -> Verification:
    """Asleep in float, active in int8 and on the device."""
    return Verification(
        trigger="patch",
        kind="patch",
        target=3,
        trigger_sha256="ab" * 32,
        change=TriggerChange("patch", 0.1, 0.05, 0.2, 9, 1, 2),
        reference=Reference(0.02, 0.05, "the ASR of an honest model, as given"),
        measurements=(
            measurement(Form.FLOAT, LOW, Verdict.DORMANT),
            measurement(Form.INTEGER, HIGH, Verdict.ACTIVE),
            measurement(Form.DEVICE, HIGH, Verdict.ACTIVE),
        ),
        test=equal_result(),
        samples=(Sample(5, 1, {"device": 1}, {"device": 3}),),
    )


def measured(attack: Rate, verdict: Verdict, *, float_attack: Rate | None = LOW) -> Verification:
    """The same with another rate on the device, with or without a float model."""
    forms = [measurement(Form.DEVICE, attack, verdict)]
    if float_attack is not None:
        forms.insert(0, measurement(Form.FLOAT, float_attack, Verdict.DORMANT))
    return replace(woken(), measurements=tuple(forms))


def test_the_verdict_is_that_of_the_device_and_forms_are_found_by_name() -> None:
    verification = woken()
    assert verification.device.form is Form.DEVICE
    assert verification.verdict is Verdict.ACTIVE
    for form in Form:
        found = verification.form(form)
        assert found is not None and found.form is form
    assert measured(LOW, Verdict.ABSENT, float_attack=None).form(Form.FLOAT) is None


def test_quantization_wakes_it_when_int8_is_clearly_above_float() -> None:
    assert woken().quantization_conditioned
    # Active, but as much in float; active without a float model; not active.
    assert not measured(HIGH, Verdict.ACTIVE, float_attack=Rate(396, 405)).quantization_conditioned
    assert not measured(HIGH, Verdict.ACTIVE, float_attack=None).quantization_conditioned
    assert not measured(HIGH, Verdict.UNDECIDED).quantization_conditioned
    # The intervals decide, and the gap between them.
    float_high = LOW.wilson95[1]
    for count in range(405):
        rate = Rate(count, 405)
        expected = rate.wilson95[0] > float_high + CONDITIONED_GAP
        assert measured(rate, Verdict.ACTIVE).quantization_conditioned == expected


@pytest.mark.parametrize("verdict", list(Verdict))
def test_it_passes_without_a_backdoor_and_with_equal_bytes(verdict: Verdict) -> None:
    equal = measured(LOW, verdict)
    assert equal.bytes_equal
    assert equal.passed == (verdict in (Verdict.ABSENT, Verdict.REMOVED))
    differing = replace(equal, test=differing_result())
    assert not differing.bytes_equal and not differing.passed


def test_it_is_said_in_a_sentence() -> None:
    assert str(woken()).endswith(
        "on the device, above 7.0 %; quantization wakes it up, in float it is 0.7 %"
    )
    assert str(woken()).startswith("active: ASR ")
    assert str(measured(HIGH, Verdict.ACTIVE, float_attack=None)).endswith("above 7.0 %")
    assert str(measured(LOW, Verdict.ABSENT)).endswith("on the device, not above 7.0 %")
    undecided = str(measured(Rate(1, 20), Verdict.UNDECIDED))
    assert undecided.endswith("on the device, too few inputs to tell from 7.0 %")


@pytest.mark.parametrize("earlier", [False, True])
def test_it_comes_back_from_its_document(earlier: bool) -> None:
    before = Earlier("v.json", "ab" * 32, "cd" * 32, Verdict.ACTIVE, Rate(440, 450), HIGH)
    verification = replace(woken(), earlier=before if earlier else None)
    document = documents.plain(verification)
    assert documents.rebuild(document, Verification) == verification
    for name in ("verdict", "bytes_equal", "quantization_conditioned", "passed"):
        assert document[name] == getattr(verification, name)
    assert document["summary"] == str(verification)
    assert document["reference"]["threshold"] == pytest.approx(0.07)
    if earlier:
        assert document["earlier"]["attack"]["wilson95"] == list(HIGH.wilson95)


def test_a_document_without_the_device_is_refused() -> None:
    document = documents.plain(woken())
    measurements: list[object]
    for measurements in ([], document["measurements"][:2]):
        with pytest.raises(ValueError, match="no measurement on a device"):
            documents.rebuild({**document, "measurements": measurements}, Verification)


def test_an_honest_asr_is_a_share_with_room_above_it() -> None:
    for share in (0.0, 0.5, 0.949):
        check_honest_asr(share)
    for share in (-0.001, 0.95, 1.0):
        with pytest.raises(UsageError, match="leaves nothing to tell"):
            check_honest_asr(share)


def test_an_asr_at_the_threshold_is_not_above_it() -> None:
    rate = Rate(400, 405)
    low, high = rate.wilson95
    assert Reference(low, 0.0, "x").acts(rate) is None
    assert Reference(low - 1e-9, 0.0, "x").acts(rate) is True
    assert Reference(high, 0.0, "x").acts(rate) is False
    assert Reference(high - 1e-9, 0.0, "x").acts(rate) is None
