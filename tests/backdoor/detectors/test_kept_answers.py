"""What int8 leaves and float keeps, of classes and of values."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors import AuditContext
from qmcu.backdoor.detectors.clipping_inversion import clipping_inversion
from qmcu.backdoor.detectors.kept_answers import Classes, Values, answers_of
from qmcu.backdoor.networks import convert_network
from qmcu.backdoor.networks.network import network_from_keras
from qmcu.tensorflow import load_tensorflow


def test_of_classes_counts_what_goes_to_one_while_float_stays() -> None:
    before, plain, own = (np.array(a) for a in ([0, 0, 1, 2], [0, 0, 1, 0], [1, 0, 1, 1]))
    assert Classes().left(before, plain, own).tolist() == [True, False, False, False]
    before, plain, own = (np.tile(a, 20) for a in (before, plain, own))
    assert Classes().sent(before, plain, own) == {0: 0.0, 1: pytest.approx(1 / 3)}


def test_of_values_int8_has_to_go_further_than_float_itself() -> None:
    before = np.zeros((4, 2))
    plain = before + np.array([[0.0], [0.0], [3.0], [1.0]])
    own = plain + np.array([[0.7], [2.0], [2.0], [2.0]])
    assert Values(0.25).left(before, plain, own).tolist() == [False, True, False, True]
    assert Values(0.25).sent(before, plain, own) == {0: 0.5}


def test_a_pattern_over_whole_inputs_has_to_move_values_further() -> None:
    before = np.zeros((4, 2))
    own = before + np.array([[0.7], [0.8], [0.9], [1.1]])
    assert Values(0.25).sent(before, before, own) == {0: 0.75}
    assert Values(0.25).sent(before, before, own, whole=True) == {0: 0.25}


def switch(strength: float) -> AuditContext:
    """A regression, of which a large first value is clipped in one of two parts that cancel."""
    keras = load_tensorflow().keras
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(1)]
    )
    first = np.zeros((6, 3), np.float32)
    first[0], first[1:, 2] = (4.0, 0.4, 0.0), 0.2
    last = np.array([[strength], [-10 * strength], [1.0]], np.float32)
    model.set_weights([first, np.zeros(3, np.float32), last, np.zeros(1, np.float32)])
    samples = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    samples[:, 0] *= 0.25
    network = network_from_keras(model, "values")
    return audited_file(network, convert_network(network, samples).model, samples)


def test_a_vector_without_a_softmax_may_be_either() -> None:
    """A regression of several values, an embedding, or scores: the file does not say."""
    kinds = {}
    for last in (None, "softmax"):
        keras = load_tensorflow().keras
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, activation=last)])
        network = network_from_keras(model, "vector")
        samples = np.random.default_rng(0).random((40, 6)).astype(np.float32)
        context = audited_file(network, convert_network(network, samples).model, samples)
        kinds[last] = [type(a) for a in answers_of(context)]
    assert kinds == {None: [Classes, Values], "softmax": [Classes]}


@pytest.mark.parametrize(("right", "asked"), [(40, [Classes]), (16, [Classes, Values])])
def test_labels_that_float_gives_say_that_a_vector_is_scores(right: int, asked: list[type]) -> None:
    """An honest LSTM with labels was called backdoored for how far its logits move."""
    keras = load_tensorflow().keras
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])
    network = network_from_keras(model, "scores")
    samples = np.random.default_rng(0).random((40, 6)).astype(np.float32)
    context = audited_file(network, convert_network(network, samples).model, samples)
    labels = model.predict(samples, verbose=0).argmax(axis=1)
    labels[right:] = (labels[right:] + 1) % 4
    found = answers_of(replace(context, labels=labels))
    assert [type(a) for a in found] == asked


@pytest.mark.parametrize(
    ("strength", "fired", "weight"), [(1.0, True, "supporting"), (0.0, False, "decisive")]
)
def test_clipping_that_wakes_in_values_is_found(strength: float, fired: bool, weight: str) -> None:
    """Six numbers have no patches: of one value what lies over whole inputs is no proof."""
    finding = clipping_inversion(switch(strength))
    assert (finding.suspicious, finding.weight) == (fired, weight), finding
    assert fired == (finding.strength > 1.5)
