from functools import cache

import numpy as np
import pytest
from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.defences.run import run_defence
from qmcu.backdoor.networks.network import Network, weighted_layers
from qmcu.frontier.defended import GRIDS, INT4_GRID, Defended
from qmcu.model.reader import parse_model
from qmcu.model.schemes import (
    DYNAMIC,
    FLOAT16,
    INT4_CHANNEL,
    INT8_CHANNEL,
    INT8_TENSOR,
    INT16X8,
    Scheme,
)

pytest.importorskip("tensorflow", reason="defences need TensorFlow")


def network(wide: bool = False) -> Network:
    """With `wide` the second layer is large enough for dynamic range to quantize it."""
    return small_network(width=16) if wide else small_network()


def weights(model: bytes) -> list[tuple[np.ndarray, np.ndarray]]:
    """Integers and scales of each layer with int8 weights."""
    graph = parse_model(model, "model")
    found = [graph.tensors[layer.weights] for layer in weighted_layers(graph)]
    return [
        (t.array, np.array(t.quantization.scales))
        for t in found
        if t.dtype == "int8" and t.quantization is not None
    ]


@cache
def defended(method: str) -> Defended:
    return Defended(method, network(), samples_of(network()), 3)


def made(scheme: Scheme, method: str = "recoil") -> tuple[bytes, str]:
    return defended(method).model(scheme, lambda done, total: None)


def test_what_ranges_are_taken_from_is_the_same_for_every_grid() -> None:
    own = Defended("stochastic", network(), samples_of(network()), 3)
    own.model(INT8_CHANNEL, lambda done, total: None)
    second = own.model(INT4_CHANNEL, lambda done, total: None)
    alone = Defended("stochastic", network(), samples_of(network()), 3)
    assert alone.model(INT4_CHANNEL, lambda done, total: None) == second


def test_int8_is_what_the_defence_alone_gives() -> None:
    model, note = made(INT8_CHANNEL)
    assert model == run_defence("recoil", network(), samples_of(network()), seed=3).model
    assert "integers are others than without it" in note


def test_one_choice_is_in_three_files() -> None:
    defended = Defended("recoil", network(True), samples_of(network(True)), 3)
    schemes = (INT8_CHANNEL, INT16X8, DYNAMIC)
    models = [defended.model(s, lambda done, total: None)[0] for s in schemes]
    plain, wide, dynamic = (weights(m) for m in models)
    assert len(plain) == len(wide) > len(dynamic) > 0
    for (a, s), (b, t) in zip(plain, wide, strict=True):
        assert np.array_equal(a, b)
        assert np.array_equal(s, t)
    for a, s in dynamic:
        assert any(a.shape == b.shape and np.array_equal(a, b) and np.array_equal(s, t)
                   for b, t in plain)  # fmt: skip
    biases = [parse_model(m, "m") for m in models]
    kinds = [{g.tensors[a.bias].dtype for a in weighted_layers(g) if a.bias} for g in biases]
    assert kinds == [{"int32"}, {"int64"}, {"float32"}]


@pytest.mark.parametrize(
    "method", ["recoil", "range-perturbation", "dithered", "stochastic", "qvec"]
)
def test_every_grid_is_kept_to(method: str) -> None:
    for array, scales in weights(made(INT8_TENSOR, method)[0]):
        assert scales.shape == (1,)
        assert np.abs(array.astype(int)).max() > INT4_GRID.largest
    for (array, _), layer in zip(
        weights(made(INT4_CHANNEL, method)[0]), network().weights, strict=True
    ):
        assert array.shape == layer.shape
        assert np.abs(array.astype(int)).max() <= INT4_GRID.largest


@pytest.mark.parametrize("method", ["efrap", "activation-correction", "quantization-aware"])
def test_learned_choices_are_on_15_levels_too(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from qmcu.backdoor.defences.method import find_defence

    monkeypatch.setitem(find_defence(method).settings, "steps", 3)
    for array, _ in weights(made(INT4_CHANNEL, method)[0]):
        assert 0 < np.abs(array.astype(int)).max() <= INT4_GRID.largest


def test_real_weights_stay_near_the_float_ones() -> None:
    for scheme in GRIDS:
        if scheme is DYNAMIC:
            continue
        found = weights(made(scheme, "range-perturbation")[0])
        for (array, scales), real in zip(found, network().weights, strict=True):
            axis = real.ndim - 1 if real.shape[0] == 1 else 0
            shape = [1] * real.ndim
            shape[axis] = -1
            steps = scales.reshape(shape)
            assert np.abs(array * steps - real).max() <= 0.5001 * steps.max(), scheme.name


def test_a_network_that_dynamic_range_leaves_in_float_stays_so() -> None:
    model, note = made(DYNAMIC)
    assert weights(model) == []
    assert "no weights were rounded" in note


def test_float16_has_no_grid() -> None:
    with pytest.raises(KeyError):
        made(FLOAT16)
