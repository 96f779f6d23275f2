import dataclasses
from pathlib import Path

import junitparser

from qmcu.comparison.result import (
    Accuracy,
    Difference,
    LayerDifference,
    MeanError,
    Profile,
    TestResult,
    VectorDifference,
)
from qmcu.report.test_result import test_lines as lines
from qmcu.report.test_result import write_junit

DIFFERENCE = Difference("scores", 5, (0, 1, 2), 3, 4, 1, 12, 1)


def result(*differing: int, layer: bool = False) -> TestResult:
    return TestResult(
        board="stm32f746",
        model="[red]digits[/]",
        model_sha256="ab" * 32,
        build_id="cd" * 32,
        image="out/firmware.elf",
        device="unicorn 2.1.4",
        source="v.npz",
        expected_by="tflite-micro 1",
        vectors=8,
        differences=tuple(VectorDifference(v, DIFFERENCE) for v in differing),
        accuracy=Accuracy(7, 8, 8),
        profile=Profile(0, 1234, "instructions", "counted by unicorn 2.1.4, exact", ()),
        stack_bytes=204,
        stack_reserved=4096,
        seconds=2.0,
        traced=0,
        layer_difference=LayerDifference(0, 1, "l01_add", "ADD", DIFFERENCE) if layer else None,
    )


def text(outcome: TestResult) -> str:
    return "\n".join(str(line) for line in lines(outcome))


def test_a_pass_in_words() -> None:
    shown = text(result())
    assert "8 of 8 outputs equal" in shown
    assert "7 of 8 right on the device (87.50%), 8 expected" in shown
    assert "1,234 (counted by unicorn 2.1.4, exact)" in shown
    assert "204 of 4,096 bytes" in shown
    assert "every layer equal" in shown


def test_a_regression_in_words() -> None:
    outcome = dataclasses.replace(result(), accuracy=None, error=MeanError(0.0625, 0.0625))
    shown = text(outcome)
    assert "mean absolute error: 0.0625 on the device, 0.0625 expected" in shown
    assert "accuracy" not in shown


def test_differences_in_words() -> None:
    shown = text(result(*range(1, 8), layer=True))
    assert "1 of 8 outputs equal" in shown
    assert "vector 1: scores at [0, 1, 2] (byte 5): expected 3, got 4" in shown
    assert "and 2 more vectors" in shown
    assert "layer l01_add (step 1, ADD)" in shown
    # A name from a file must not be taken for markup.
    assert "[red]digits[/]" in shown


def test_junit(tmp_path: Path) -> None:
    path = tmp_path / "result.xml"
    write_junit([result(2, 3, layer=True)], path)
    suite = next(iter(junitparser.JUnitXml.fromfile(str(path))))
    assert (suite.tests, suite.failures, suite.errors) == (9, 3, 0)
    failed = [case.name for case in suite if case.result]
    assert failed == ["vector 2", "vector 3", "trace of vector 0"]


def test_a_layer_that_differs_fails_the_run() -> None:
    assert result().passed
    assert not result(layer=True).passed
    assert not result(1).passed
