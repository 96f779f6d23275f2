"""Results of runs that nobody measured."""

from dataclasses import replace

from qmcu.comparison.result import (
    Accuracy,
    Difference,
    LayerDifference,
    Profile,
    TestResult,
    VectorDifference,
)

DIFFERENCE = Difference("scores", 5, (0, 1, 2), 3, 4, 1, 12, 1)


def equal_result() -> TestResult:
    """Eight equal vectors; nothing else was measured."""
    return TestResult(
        board="stm32f746",
        model="digits",
        model_sha256="ab" * 32,
        build_id="cd" * 32,
        image="out/firmware.elf",
        device="unicorn 2.1.4",
        source="v.npz",
        expected_by="tflite-micro 1",
        vectors=8,
        differences=(),
        accuracy=None,
        profile=None,
        stack_bytes=204,
        stack_reserved=4096,
        seconds=2.0,
    )


def differing_result() -> TestResult:
    """Two of the vectors and a layer differ; everything was measured."""
    return replace(
        equal_result(),
        differences=(VectorDifference(1, DIFFERENCE), VectorDifference(4, DIFFERENCE)),
        accuracy=Accuracy(7, 8, 8),
        profile=Profile(0, 30, "instructions", "counted", (("l00_conv", 10), ("l01_add", 20))),
        traced=1,
        layer_difference=LayerDifference(1, 1, "l01_add", "ADD", DIFFERENCE),
    )
