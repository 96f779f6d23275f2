import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from tests.support.pages import check_page

from qmcu.backdoor import Rate, Trigger
from qmcu.backdoor.attacks.folder import load_attack, write_attack
from qmcu.backdoor.attacks.run import AttackRun
from qmcu.backdoor.inputs.triggers import TriggerChange
from qmcu.backdoor.verification.verdict import (
    Form,
    Measurement,
    Reference,
    Sample,
    Verdict,
    Verification,
)
from qmcu.cli import run
from qmcu.comparison import TestResult
from qmcu.errors import QmcuError, UsageError
from qmcu.report.html import Gallery, render_page
from qmcu.report.html.story_page import Story, named_files, story_page
from qmcu.report.json_file import write_json

FORMS = {Form.FLOAT: Verdict.DORMANT, Form.INTEGER: Verdict.ACTIVE, Form.DEVICE: Verdict.ACTIVE}


def verification(trigger: Trigger, forms: dict[Form, Verdict], hits: int) -> Verification:
    measurements = tuple(
        Measurement(
            form, "a program", Rate(58, 60),
            Rate(hits if verdict is Verdict.ACTIVE else 0, 54), Rate(1, 54), verdict,
        )
        for form, verdict in forms.items()
    )  # fmt: skip
    samples = tuple(
        Sample(row, 1, {str(f): 1 for f in forms}, {str(f): hits % 10 for f in forms})
        for row in (2, 3, 5)
    )
    test = TestResult(
        "stm32f746", "m", "ab" * 32, "b", "i", "unicorn 2", "v", "tflite-micro", 114, (), None,
        None, 1, 2, 0.5,
    )  # fmt: skip
    return Verification(
        trigger=trigger.name,
        kind=trigger.kind,
        target=trigger.target,
        trigger_sha256=trigger.sha256,
        change=TriggerChange("patch", 0.0, 0.0, 1 / 255, 9, 0, 0),
        reference=Reference(0.02, 0.05, "given"),
        measurements=measurements,
        test=test,
        samples=samples,
    )


@pytest.fixture(scope="module")
def folder(attacked: AttackRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("story") / "attack"
    write_attack(attacked, directory, limit=60)
    return directory


def test_a_story_sets_before_beside_after(attacked: AttackRun, folder: Path) -> None:
    trigger = attacked.trigger
    story = Story(
        "A story",
        load_attack(folder),
        (
            ("attacked", verification(trigger, FORMS, 53)),
            ("defended", verification(trigger, {Form.DEVICE: Verdict.REMOVED}, 0)),
        ),
    )
    page = story_page(story)
    assert page.status is not None
    assert page.status.word == "removed"
    titles = [section.title for section in page.sections]
    assert titles == [
        "At a glance", "Trigger", "Triggered inputs", "Rounding residuals",
        "Verification: attacked", "Verification: defended",
    ]  # fmt: skip
    labels = [bar.label for bar in page.sections[0].blocks[1].bars]  # type: ignore[union-attr]
    assert labels == [
        "honest, float", "honest, int8", "attacked, float", "attacked, device", "defended, device",
    ]  # fmt: skip
    gallery = page.sections[2].blocks[0]
    assert isinstance(gallery, Gallery)
    assert [line.text for line in gallery.pictures[0].lines] == [
        "attacked, float: 3", "attacked, device: 3", "defended, device: 0",
    ]  # fmt: skip
    read = check_page(render_page(page))
    assert "228 of 228" in read.text
    assert render_page(page) == render_page(story_page(story))


def test_a_story_without_verifications(folder: Path) -> None:
    page = story_page(Story("Only an attack", load_attack(folder), ()))
    labels = [bar.label for bar in page.sections[0].blocks[1].bars]  # type: ignore[union-attr]
    assert labels[2:] == ["attacked, float", "attacked, int8"]
    check_page(render_page(page))


def test_results_of_another_trigger_are_refused(attacked: AttackRun, folder: Path) -> None:
    other = dataclasses.replace(attacked.trigger, target=5)
    found = verification(other, FORMS, 1)
    with pytest.raises(UsageError, match="verification x is of another trigger"):
        story_page(Story("s", load_attack(folder), (("x", found),)))


def test_the_command_writes_the_page(attacked: AttackRun, folder: Path, tmp_path: Path) -> None:
    saved = tmp_path / "attacked.json"
    write_json(verification(attacked.trigger, FORMS, 53), saved)
    output = tmp_path / "story.html"
    arguments = ["html", "--attack", str(folder), "--verify", f"before={saved}"]
    assert run([*arguments, "-o", str(output), "--title", "Told"]) == 0
    read = check_page(output.read_text())
    assert "Told" in read.text
    assert "Verification: before" in read.text
    assert named_files(["a=b.json", "c/d.json"]) == [
        ("a", Path("b.json")), ("d", Path("c/d.json")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("test.npz", "no readable .npz"), ("trigger.json", "no trigger file"),
        ("model.keras", "no loadable Keras model"), ("honest.tflite", "honest"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named(folder: Path, tmp_path: Path, file: str, message: str) -> None:
    copy = tmp_path / "attack"
    shutil.copytree(folder, copy)
    (copy / file).write_bytes(b"nonsense")
    with pytest.raises(QmcuError, match=message):
        load_attack(copy)


def test_damaged_attack_folders_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load_attack(tmp_path)
    for text in ("", "[]", "{}", json.dumps({"rates": {"a": {}}})):
        (tmp_path / "attack.json").write_text(text)
        with pytest.raises(UsageError, match="is no record of an attack: "):
            load_attack(tmp_path)
