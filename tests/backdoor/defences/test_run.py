"""A defence end to end."""

import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

import pytest
from tests.support.defences import shared_network
from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.defences.run import audit_defence, check_same_function, run_defence
from qmcu.errors import CheckFailedError


def test_a_network_that_is_another_function_is_not_called_rescaled() -> None:
    other = shared_network().with_parameters(
        [1.01 * w for w in shared_network().weights], shared_network().biases
    )
    with pytest.raises(CheckFailedError, match="a logit differs by"):
        check_same_function(other, shared_network(), samples_of(shared_network()))


@pytest.mark.usefixtures("short_audit")
def test_retraining_is_also_held_against_the_given_model() -> None:
    network = small_network()
    done = run_defence("fine-tune", network, samples_of(network), settings={"steps": 2})
    names = [f.detector for f in audit_defence(done, samples_of(network)).findings]
    assert "disagreement" in names and "disagreement with the given model" in names
