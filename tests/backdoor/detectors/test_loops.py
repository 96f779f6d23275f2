"""Loops that count their steps, and those that look at the input."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from qmcu.backdoor.detectors.loops import only_counts
from qmcu.cli.main import run
from qmcu.model.reader import parse_model
from qmcu.tensorflow import load_tensorflow

Change = Callable[[Any, Any, Any], Any]


def _loop(goes_on: Change, step: Change, after: Callable[[Any, Any], Any] | None = None) -> bytes:
    """A file that runs `step` on a count from 0, a sequence of four vectors and a state."""
    tf = load_tensorflow()

    def body(count: Any, given: Any, state: Any) -> Any:
        return step(count, given, state)

    @tf.function(input_signature=[tf.TensorSpec([4, 3])])  # type: ignore[untyped-decorator]
    def compute(given: Any) -> Any:
        first = (tf.constant(0), given, tf.zeros([1, 3]))
        state = tf.while_loop(goes_on, body, first)[2]
        return state if after is None else after(given, state)

    function = compute.get_concrete_function()
    return bytes(tf.lite.TFLiteConverter.from_concrete_functions([function]).convert())


def _recur(count: Any, given: Any, state: Any) -> Any:
    tf = load_tensorflow()
    weights = tf.constant(np.eye(3, dtype=np.float32)[::-1] * 0.5)
    return count + 1, given, tf.tanh(tf.gather(given, [count]) + tf.matmul(state, weights))


def _choose(count: Any, given: Any, state: Any) -> Any:
    tf = load_tensorflow()
    count, given, state = _recur(count, given, state)
    return count, given, tf.where(state[:, :1] > 0.9, -state, state)


def _hurry(count: Any, given: Any, state: Any) -> Any:
    tf = load_tensorflow()
    more = tf.cast(tf.reduce_max(given), tf.int32)
    _, given, state = _recur(count, given, state)
    return count + 1 + more, given, state


def _to_four(count: Any, given: Any, state: Any) -> Any:
    return count < 4


def test_a_recurrent_layer_is_refused_by_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = _loop(_to_four, _recur)
    assert "WHILE" in {op.kind for op in parse_model(content).operators}
    assert only_counts(parse_model(content))
    (tmp_path / "loop.tflite").write_bytes(content)
    assert run(["audit", "--int8", str(tmp_path / "loop.tflite")]) == 2
    words = capsys.readouterr().err.replace("\n", " ")
    assert "runs over steps in a loop (WHILE)" in words and "unroll=True" in words


@pytest.mark.parametrize("where", ["condition", "body", "count", "behind"])
def test_what_looks_at_the_input_is_a_branch(where: str, tmp_path: Path) -> None:
    tf = load_tensorflow()
    content = {
        "condition": lambda: _loop(lambda c, g, s: (c < 4) & (tf.reduce_max(s) < 0.9), _recur),
        "body": lambda: _loop(_to_four, _choose),
        "count": lambda: _loop(_to_four, _hurry),
        "behind": lambda: _loop(
            _to_four, _recur, lambda g, s: tf.cond(g[0, 0] > 0.9, lambda: -s, lambda: s)
        ),
    }[where]()
    assert not only_counts(parse_model(content))
    (tmp_path / "loop.tflite").write_bytes(content)
    assert run(["audit", "--int8", str(tmp_path / "loop.tflite")]) == 1


def test_a_graph_without_loops_has_none(tmp_path: Path) -> None:
    tf = load_tensorflow()
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(2)])
    assert not only_counts(parse_model(tf.lite.TFLiteConverter.from_keras_model(model).convert()))
