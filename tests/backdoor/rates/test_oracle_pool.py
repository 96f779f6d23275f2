"""Many inputs through the oracle, in workers or not."""

import numpy as np
import pytest
from tests.support.small_models import dense

from qmcu.backdoor.rates.oracle_pool import run_oracle
from qmcu.errors import ModelError
from qmcu.model import write_model
from qmcu.model.oracle import Oracle


def test_workers_give_the_same_as_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qmcu.backdoor.rates.oracle_pool._WORTH_WORKERS_S", 0.0)
    inputs = np.random.default_rng(0).integers(-128, 128, (75, 1, 6)).astype(np.int8)
    model = write_model(dense())
    told: list[int] = []
    got = run_oracle(model, inputs, jobs=2, progress=lambda done, total: told.append(done))
    assert np.array_equal(got, run_oracle(model, inputs, jobs=1))
    oracle = Oracle(model)
    assert np.array_equal(got, [oracle.run([row])[0].reshape(1, 4) for row in inputs])
    assert told == sorted(told)
    assert told[-1] == 75
    assert run_oracle(model, inputs[:0]).shape == (0, 1, 4)


def test_a_damaged_model_is_refused() -> None:
    with pytest.raises(ModelError):
        run_oracle(b"no model", np.zeros((60, 1, 6), np.int8))
