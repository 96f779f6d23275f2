"""The summary of a model, against numbers known from elsewhere."""

from pathlib import Path

import pytest
from tests.support.small_models import dense, two_inputs

from qmcu import documents
from qmcu.model.inspect import inspect_graph
from qmcu.model.reader import read_model


def test_a_dense_layer() -> None:
    inspection = inspect_graph(dense(6, 4))
    assert inspection.macs == 24
    assert inspection.parameters == 28
    assert inspection.weight_bytes == 24 + 16
    assert inspection.arena_lower_bound == 10
    assert inspection.fully_int8
    assert documents.plain(inspection)["operators"][0]["kind"] == "FULLY_CONNECTED"


def test_outputs_stay_alive_to_the_end() -> None:
    assert [op.live_bytes for op in inspect_graph(two_inputs()).operators] == [24, 16]


@pytest.mark.parametrize(
    ("name", "macs", "bound"),
    [
        ("resnet8_cifar10", 12_501_632, 49_152),
        ("dscnn_kws", 2_656_768, 16_000),
        ("autoencoder_toycar", 264_192, 768),
    ],
)
def test_published_numbers(shared_models: Path, name: str, macs: int, bound: int) -> None:
    inspection = inspect_graph(read_model(shared_models / f"mlperf_tiny_{name}_int8.tflite"))
    assert inspection.macs == macs
    assert inspection.arena_lower_bound == bound
