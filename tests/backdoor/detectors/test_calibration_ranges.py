"""Activation ranges that fit their data, or not."""

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
pytest.importorskip("scipy", reason="SciPy is not installed")
from tests.support.int8_files import audited_file

from qmcu.backdoor.defences import run_defence
from qmcu.backdoor.detectors.calibration_ranges import _leaving, calibration_ranges
from qmcu.backdoor.networks.keras_model import convert_network
from qmcu.backdoor.networks.network import Network


def test_ranges_that_fit_their_data(
    network: Network, integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    fresh = np.random.default_rng(8).random((100, 8, 8, 1)).astype(np.float32)
    for model in (network, None):
        found = calibration_ranges(audited_file(model, integer, fresh))
        assert not found.suspicious
        assert found.p_value is not None and found.p_value > 0.01


def test_ranges_that_are_too_narrow_or_too_wide(
    network: Network, integer: bytes, samples: npt.NDArray[np.float32]
) -> None:
    narrow = calibration_ranges(audited_file(network, integer, 2 * samples))
    assert narrow.suspicious and narrow.p_value is not None and narrow.p_value < 1e-9
    assert narrow.details["input left by"] > 0.9
    wide = calibration_ranges(
        audited_file(network, convert_network(network, 8 * samples).model, samples)
    )
    assert wide.suspicious and wide.details["input width"] == pytest.approx(8, rel=0.05)
    assert wide.p_value == 1.0


def test_ranges_that_a_defence_widened(network: Network) -> None:
    dull = np.random.default_rng(9).uniform(0.45, 0.55, (60, 8, 8, 1)).astype(np.float32)
    dull[:, 0, 0] = np.arange(60).reshape(-1, 1) % 2  # the inputs' range is from 0 to 1
    defended = run_defence("stochastic", network, dull, seed=1).model
    found = calibration_ranges(audited_file(None, defended, dull))
    widest = max(v for k, v in found.details.items() if k.endswith("width"))
    assert widest > 3.0 and not found.suspicious and found.score < 0.9


@pytest.mark.parametrize("batch", [1, 4, 16])
def test_ends_that_are_means_of_what_batches_reach(batch: int) -> None:
    """As ai-edge-quantizer and observers with a moving average put them: no end is out of line."""
    rng = np.random.default_rng(batch)
    draws = (rng.normal, rng.exponential, rng.uniform, rng.gumbel)
    shares = []
    for draw in draws:
        end = np.mean(draw(size=(400, batch)).max(axis=1))
        shares.append(float(np.mean(draw(size=300) > end)))
    assert min(_leaving(shares, 300)) > 1e-3
    assert min(_leaving([*shares, 0.95], 300)) < 1e-9


def test_one_end_that_many_leave_beside_ends_that_few_do() -> None:
    assert min(_leaving([0.0, 0.05, 0.88, 0.08, 0.04, 0.06], 200)) < 1e-9
    assert min(_leaving([1.0] * 6, 200)) < 1e-9  # inputs of another brightness leave all
