"""An attack that ran, for every page that shows one."""

import pytest

from qmcu.backdoor.attack import AttackRun


@pytest.fixture(scope="package")
def attacked() -> AttackRun:
    pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    from qmcu.backdoor import load_dataset, make_trigger
    from qmcu.backdoor.architectures import build_architecture, train
    from qmcu.backdoor.attack import run_attack

    data = load_dataset("digits", seed=1)
    model = build_architecture("cnn-s", data.input_shape, data.classes, seed=1)
    train(model, data, epochs=2, seed=1)
    trigger = make_trigger("patch", data.input_shape, target=4)
    return run_attack("rounding", model, data, trigger, steps=2, limit=60)
