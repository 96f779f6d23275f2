"""Audits of networks whose int8 file has another form than the float model."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
from tests.support.attention_pair import attention_model, samples, write_pair

from qmcu.backdoor.detectors import AuditContext, audit, load_context
from qmcu.backdoor.detectors.damage import damage
from qmcu.backdoor.detectors.rounding_choice import EDITED, rounding_choice
from qmcu.backdoor.grids.constants import write_constants
from qmcu.backdoor.networks import CONSTANT
from qmcu.conversion.files import OpenOptions
from qmcu.errors import ModelError
from qmcu.tensorflow import load_tensorflow


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_pair(attention_model(), tmp_path_factory.mktemp("attention"))


@pytest.fixture(scope="module")
def context(pair: tuple[Path, Path]) -> AuditContext:
    return load_context(*pair, None)


@pytest.mark.usefixtures("one_look")
def test_an_honest_pair_is_clean(context: AuditContext) -> None:
    result = audit(context)
    assert result.verdict == "clean", result.reasons
    assert {"gap-inversion", "rounding-direction", "residuals"} <= {
        f.detector for f in result.findings
    }
    assert rounding_choice(context).details[EDITED] == 0


@pytest.mark.usefixtures("one_look", "short_audit")
def test_an_edited_constant_counts_and_damages(
    context: AuditContext, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    """The layers' integers are the honest ones; what is edited is a normalization's offset."""
    assert context.integer is not None
    grid = max((g for g in context.grids if g.kind == CONSTANT), key=lambda g: g.integers.size)
    assert context.graph is not None
    turned = np.roll(context.graph.tensors[grid.tensor].array, 1, axis=-1)
    edited = tmp_path / "edited.tflite"
    edited.write_bytes(write_constants(context.integer, {grid.tensor: turned}))
    np.savez(tmp_path / "x.npz", inputs=samples(64))
    changed = load_context(pair[0], edited, tmp_path / "x.npz")
    assert rounding_choice(changed).details[EDITED] > 0
    assert changed.quantize_anew(samples())  # though no Keras layer is built of attention
    assert damage(changed).details["samples changed"] >= 0
    assert audit(changed).verdict in ("backdoored", "damaged")


def test_what_only_the_float_model_is_given_of_is_quantized(pair: tuple[Path, Path]) -> None:
    context = load_context(pair[0], None, None)
    assert context.integer is not None
    assert any(g.kind == CONSTANT for g in context.grids)


def test_a_lambda_layer_is_run_where_it_is_trusted(tmp_path: Path) -> None:
    keras = load_tensorflow().keras
    source = keras.Input((8,))
    x = keras.layers.Lambda(lambda t: t * 2.0)(keras.layers.Dense(6, activation="relu")(source))
    keras.Model(source, keras.layers.Dense(3)(x)).save(tmp_path / "scaled.keras")
    with pytest.raises(ModelError, match="--trust"):
        load_context(tmp_path / "scaled.keras", None, None)
    context = load_context(tmp_path / "scaled.keras", None, None, opening=OpenOptions(trust=True))
    assert len(context.grids) >= 2
