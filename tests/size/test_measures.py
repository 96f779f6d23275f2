"""What a model takes elsewhere, without building it."""

from pathlib import Path

from qmcu.size.measures import recorded_arena


def test_the_interpreters_estimate_is_near_what_was_measured(shared_models: Path) -> None:
    """Arena measured on a Cortex-M4 (docs/SIZE.md), against the estimate made on this host."""
    for name, measured in (
        ("resnet8_cifar10", 55_008), ("dscnn_kws", 22_832), ("autoencoder_toycar", 3_024),
    ):  # fmt: skip
        arena, problem = recorded_arena(shared_models / f"mlperf_tiny_{name}_int8.tflite")
        assert problem == ""
        assert arena is not None
        assert abs(arena / measured - 1) < 0.06


def test_a_model_that_the_interpreter_refuses_has_no_estimate(tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(b"\0" * 100)
    arena, problem = recorded_arena(path)
    assert arena is None
    assert problem
