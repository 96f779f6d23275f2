"""What our generated code takes of a board, beside the other sizes of a model."""

from pathlib import Path

from tests.support.model_files import make

from qmcu.benchmark.footprint import measure_all, measure_generated
from qmcu.board import load_board
from qmcu.size import weigh


def test_a_board_without_an_emulator_has_no_stack(tmp_path: Path) -> None:
    report = weigh(make(tmp_path)["tflite"])
    found = {m.what: m for m in measure_generated(report, load_board("ek-ra8d1"))}
    assert (found["generated code: code"].bytes or 0) > 1000
    stack = found["generated code: stack"]
    assert stack.bytes is None
    assert stack.problem == "the stack is not measured: no emulator runs ek-ra8d1"


def test_without_a_board_only_what_needs_no_build_is_measured(tmp_path: Path) -> None:
    report = weigh(make(tmp_path)["tflite"])
    assert {m.what for m in measure_all(report, None)} == {
        "file", "tensors, as stored", "interpreter (TFLM)",
    }  # fmt: skip
