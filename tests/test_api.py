"""The public library: each function does what its command does."""

from pathlib import Path

import numpy as np
import pytest
from tests.support.firmware_project import write_chain

import qmcu


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chain(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def firmware(model: Path) -> qmcu.Firmware:
    return qmcu.build(model, "stm32f407", model.parent / "firmware", kernels="portable")


def test_every_public_name_is_there() -> None:
    for name in qmcu.__all__:
        assert getattr(qmcu, name) is not None
    assert set(qmcu.__all__) <= set(dir(qmcu))
    with pytest.raises(AttributeError, match="no attribute 'bild'"):
        _ = qmcu.bild


def test_build_and_test(firmware: qmcu.Firmware) -> None:
    assert firmware.memory.used("flash") > 0
    result = qmcu.test(firmware, random=3, jobs=1)
    assert isinstance(result, qmcu.TestResult)
    assert (result.passed, result.equal) == (True, 3)
    assert qmcu.test(str(firmware.directory), on="unicorn", random=1, seed=5).passed


def test_several_models_are_built_and_tested_in_turn(model: Path, tmp_path: Path) -> None:
    one, two = qmcu.build(
        [model, model], "stm32f407", tmp_path / "fw", names=["a", "b"], arenas="own",
        kernels="portable",
    )  # fmt: skip
    assert (one.plan.name, two.plan.name, one.root) == ("a", "b", tmp_path / "fw")
    results = qmcu.test([one, two], random=2)
    assert [(r.model, r.vectors, r.passed) for r in results] == [("a", 2, True), ("b", 2, True)]
    with pytest.raises(qmcu.QmcuError, match="names and arenas are of several models"):
        qmcu.build(model, "stm32f407", names=["a"])


def test_vectors_can_be_kept_or_passed_on(
    model: Path, firmware: qmcu.Firmware, tmp_path: Path
) -> None:
    shape = qmcu.inspect(model).inputs[0].shape
    np.savez(tmp_path / "inputs.npz", inputs=np.zeros((2, *shape[1:]), np.float32))
    made = qmcu.vectors(model, tmp_path / "inputs.npz", tmp_path / "vectors.npz")
    assert qmcu.test(firmware, vectors=made).vectors == 2
    assert qmcu.test(firmware, vectors=tmp_path / "vectors.npz").passed


def test_a_mistake_is_the_commands_sentence(model: Path) -> None:
    with pytest.raises(qmcu.QmcuError, match=r"qmcu\.build has no option 'kernel', did you mean"):
        qmcu.build(model, "stm32f407", kernel="native")
    with pytest.raises(qmcu.QmcuError, match="there is no board 'stm32f4071'") as error:
        qmcu.build(model, "stm32f4071")
    assert error.value.exit_code == 2
    with pytest.raises(qmcu.QmcuError, match="nothing to audit"):
        qmcu.audit()
