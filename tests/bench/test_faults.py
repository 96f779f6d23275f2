"""The campaign of flipped bits: a plain firmware lies, a release tells."""

from pathlib import Path

from bench.faults.flips import (
    Outcome,
    all_bits,
    build_subject,
    campaign,
    flip_before_boot,
    flip_while_running,
)
from tests.support.firmware_project import write_chain


def test_a_release_notices_what_a_plain_firmware_answers_wrongly(tmp_path: Path) -> None:
    model = write_chain(tmp_path)
    plain = build_subject(model, tmp_path / "plain", "stm32f746", 0)
    flips = all_bits(plain.constants)[::97]
    before = campaign(plain, flips, running=False)
    assert before[Outcome.WRONG] > len(flips) // 8
    for every in (16, 1):
        subject = build_subject(model, tmp_path / f"every-{every}", "stm32f746", every)
        assert len(subject.constants) == len(plain.constants)
        flips = all_bits(subject.constants)[::97]
        assert campaign(subject, flips, running=False) == {Outcome.BOOT: len(flips)}
        told = campaign(subject, flips[:6], running=True)
        late = {Outcome.CHECK, Outcome.LATE} if every > 1 else {Outcome.CHECK}
        assert set(told) <= late and told.total() == 6


def test_a_flip_of_a_constant_is_told_from_one_of_code(tmp_path: Path) -> None:
    subject = build_subject(write_chain(tmp_path), tmp_path / "plain", "stm32f746", 0)
    assert not set(subject.constants) & set(subject.code)
    # The vector table: without a reset vector nothing speaks.
    assert flip_before_boot(subject, subject.code[0] + 7, 5) in (Outcome.FAULT, Outcome.MUTE)
    assert flip_while_running(subject, subject.code[0] + 7, 5) is Outcome.RIGHT
