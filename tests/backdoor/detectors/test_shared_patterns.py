"""A class that shared patterns drive inputs to further than to the others, by int8 alone."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.int8_files import audited_file

from qmcu.backdoor.detectors.shared_patterns import (
    LEADS,
    Reach,
    deviations_of,
    grade,
    measure,
    places,
    shared_patterns,
)
from qmcu.backdoor.networks import convert_network
from qmcu.backdoor.networks.network import Network
from qmcu.errors import ModelError


def test_a_corner_that_shouts_for_a_class_stands_out(
    network: Network, samples: npt.NDArray[np.float32]
) -> None:
    # A last layer that answers class 2 the more the first channel is driven, whatever else is.
    weights = [w.copy() for w in network.weights]
    weights[-1][2, ...] = 0
    weights[-1][2, ..., 0] = 8 * np.abs(network.weights[-1]).max()
    loud = convert_network(network.with_parameters(weights, network.biases), samples).model
    found = shared_patterns(audited_file(None, loud, None))
    assert found.suspicious and found.details["target"] == 2
    assert found.weight == "supporting"


def test_every_class_is_measured_and_the_same_seed_gives_the_same(
    integer: bytes,
) -> None:
    first, second = (measure(audited_file(None, integer, None)) for _ in range(2))
    for kind, reach in first.items():
        assert np.isfinite(reach.heights).all() and len(reach.heights) >= 4
        assert np.array_equal(reach.heights, second[kind].heights)


def test_a_network_that_is_sure_of_no_input_is_not_judged(
    network: Network, samples: npt.NDArray[np.float32]
) -> None:
    weights = [w.copy() for w in network.weights]
    weights[-1][:] = weights[-1][:1]
    biases = [*network.biases[:-1], np.zeros_like(network.biases[-1])]
    alike = convert_network(network.with_parameters(weights, biases), samples).model
    with pytest.raises(ModelError, match="no inputs were found that it is sure of"):
        measure(audited_file(None, alike, None))


def test_places_cover_windows_and_images() -> None:
    for shape, count in (((64, 3), 11), ((8, 8, 1), 9), ((40,), 10)):
        masks = places(shape)
        assert masks.shape == (count, *shape) and masks.max(axis=0).min() == 1


def test_of_few_classes_it_takes_more_to_stand_out() -> None:
    others = np.tile([-1.0, 0.0, 1.0], 3)
    ten, four = (deviations_of(np.append(o, 5.0)) for o in (others, others[:3]))
    raw = 5.0 / others.std(ddof=1)
    assert ten == pytest.approx(raw) and four < 0.6 * ten


def test_a_class_that_has_company_does_not_stand_out() -> None:
    # Half of four classes are within reach of a patch; nine alike and one that is a little ahead.
    half = Reach(np.array([-1.0, -0.9, 0.0, 0.1]), 0.8, 1.0)
    alike = Reach(np.array([*np.linspace(-0.2, 0.0, 9), 0.15]), 6.0, 1.0)
    alone = Reach(np.array([-1.0, -0.9, 0.0, 0.9]), 0.8, 1.0)
    quiet = Reach(np.zeros(4), 0.0, 1.0)
    scores = grade({"patch": half, "overlay": alike, "margin": quiet})
    assert scores["patch"] == pytest.approx(0.1 / LEADS["patch"]) and scores["overlay"] < 1
    # Labels that were smoothed: all other classes can be reached as far, the first a third further.
    smooth = Reach(np.array([*np.linspace(7.0, 8.5, 9), 10.9]), 6.4, 8.5)
    assert grade({"patch": quiet, "overlay": quiet, "margin": smooth})["margin"] < 1
    assert grade({"patch": alone, "overlay": quiet, "margin": quiet})["patch"] == 2.0
