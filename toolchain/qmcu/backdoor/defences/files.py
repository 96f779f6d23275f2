"""Files in, a defended .tflite out: what `qmcu defend` does."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qmcu.arrays import read_arrays
from qmcu.backdoor.defences.auto import Trial, best_of, run_auto
from qmcu.backdoor.defences.method import find_defence
from qmcu.backdoor.defences.run import DefenceRun, audit_defence, check_samples, run_defence
from qmcu.backdoor.grids import Proof, prove
from qmcu.backdoor.networks import keras_from_network, open_network, save_keras
from qmcu.errors import CheckFailedError, UsageError, VectorError
from qmcu.files import content_sha256, write_atomic
from qmcu.types import Float32Array, Int64Array, Stages


@dataclass(frozen=True, eq=False)
class Defended:
    """What was tried, and which of it was written.

    `kept` is None when every method was tried and none passed its audit; then there is no output.
    `proof` is of the file as it was read back from the disk; `files` are the SHA-256 of the inputs.
    """

    trials: tuple[Trial, ...]
    kept: Trial | None
    output: Path
    proof: Proof | None
    files: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """True when what was written passed its audit."""
        return self.kept is not None and self.kept.passed


def defend_file(
    float_file: Path,
    calibration: Path,
    output: Path,
    *,
    method: str | None = None,
    settings: Mapping[str, float] | None = None,
    seed: int = 0,
    stages: Stages | None = None,
    reference: Path | None = None,
) -> Defended:
    """Quantize a float model's file by `method` (None: all, keep the best that passes its audit).

    The .tflite is written whole or not at all, read back and proved. `reference` is where to write
    the float Keras model that it is audited against, for others who audit it. Raises ModelError or
    VectorError for the files, UsageError for the method, its settings or the output, ToolError
    without TensorFlow, CheckFailedError when the file does not hold what was chosen.
    """
    if method is not None:
        find_defence(method).merged(settings or {})
    if output.is_dir():
        raise UsageError(f"{output} is a directory; give a file name for the .tflite.")
    if reference is not None and reference.suffix != ".keras":
        raise UsageError(f"{reference} is to hold a Keras model; give a name that ends in .keras.")
    samples, labels = load_samples(calibration)
    network = open_network(float_file)
    check_samples(network, samples, labels)
    if method is None:
        trials = run_auto(network, samples, labels, seed=seed, stages=stages)
        kept = best_of(trials)
    else:
        tell = stages or (lambda stage, done, total: None)
        run = run_defence(
            method, network, samples, labels, seed=seed, settings=settings,
            progress=lambda done, total: tell(method, done, total),
        )  # fmt: skip
        trials = (Trial(method, run, audit_defence(run, samples)),)
        kept = trials[0]
    proof = None
    if kept is not None and kept.run is not None:
        proof = write_defended(kept.run, output)
        if reference is not None:
            save_keras(keras_from_network(kept.run.reference), reference)
    files = {str(path): content_sha256(path) for path in (float_file, calibration)}
    return Defended(trials, kept, output, proof, files)


def load_samples(path: Path) -> tuple[Float32Array, Int64Array | None]:
    """Calibration inputs of an .npz: `inputs`, real numbers [N, ...], and `labels` if it has any.

    Raises VectorError when it cannot be read or has no inputs.
    """
    arrays = read_arrays(path)
    if "inputs" not in arrays:
        names = ", ".join(sorted(arrays)) or "none"
        raise VectorError(
            f"{path} has no array inputs, which a defence calibrates with; it has {names}."
        )
    inputs, labels = arrays["inputs"], arrays.get("labels")
    if inputs.dtype.kind not in "biuf" or inputs.ndim < 1:
        raise VectorError(f"{path}: inputs is {inputs.dtype}; real numbers are needed.")
    if labels is not None and labels.dtype.kind not in "iu":
        raise VectorError(f"{path}: labels is {labels.dtype}; whole numbers are needed.")
    return inputs.astype(np.float32), None if labels is None else labels.astype(np.int64)


def write_defended(run: DefenceRun, path: Path) -> Proof:
    """Write the .tflite, read it back from the disk and prove it again.

    Raises UsageError when it cannot be written, CheckFailedError when other bytes come back.
    """
    write_atomic(path, run.model)
    try:
        stored = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path} back: {error.strerror or error}.") from error
    if stored != run.model:
        raise CheckFailedError(f"{path} does not hold the bytes that were written to it.")
    return prove(stored, run.converted, run.chosen, run.network)
