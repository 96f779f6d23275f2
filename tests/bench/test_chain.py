"""A small comparison through the whole chain, and one that must fail."""

from dataclasses import replace

import pytest
from bench.operators import chain
from bench.operators.batches import batches

from qmcu.builder import find_tool
from qmcu.model.oracle import Oracle

pytestmark = pytest.mark.skipif(
    find_tool("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["SUB", "HARD_SWISH", "CONCATENATION"])
def test_firmware_equals_the_interpreter(kind: str) -> None:
    (batch,) = batches(kind, 10, 1)
    outcome = chain.run(batch, "stm32f746", "unicorn")
    assert outcome.problem == ""
    assert outcome.equal == (True,) * 10


@pytest.mark.slow
def test_one_wrong_byte_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    (batch,) = batches("ADD", 10, 1)
    run = Oracle.run

    def wrong(self: Oracle, inputs: object) -> object:
        outputs = tuple(a.copy() for a in run(self, inputs))  # type: ignore[arg-type]
        outputs[3].flat[-1] ^= 1
        return outputs

    monkeypatch.setattr(Oracle, "run", wrong)
    outcome = chain.run(batch, "stm32f746", "unicorn")
    assert [i for i, equal in enumerate(outcome.equal) if not equal] == [3]


@pytest.mark.slow
def test_a_chain_that_breaks_counts_as_different() -> None:
    (batch,) = batches("ADD", 2, 1)
    outcome = chain.run(replace(batch, number=7), "stm32f747", "unicorn")
    assert outcome.equal == (False, False)
    assert outcome.problem.startswith("ADD, batch 7 of 2 graphs: there is no board 'stm32f747'")
