"""Defences on the small network, run once for every test that asks."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from tests.support.small_networks import samples_of, small_network

from qmcu.backdoor.defences.method import (
    DefenceContext,
    DefenceResult,
    find_defence,
)
from qmcu.backdoor.defences.run import DefenceRun, run_defence
from qmcu.backdoor.networks.network import Network


@cache
def shared_network() -> Network:
    """The small network of seed 1."""
    return small_network()


@cache
def defend(method: str, seed: int = 0, steps: int = 4) -> DefenceRun:
    """What a defence makes of the small network in a few steps."""
    settings = short_settings(method, steps)
    return run_defence(
        method, shared_network(), samples_of(shared_network()), seed=seed, settings=settings
    )


def short_settings(method: str, steps: int = 4) -> dict[str, float]:
    """A few steps; inputs that overshoot, sought alike for every method, for two of them."""
    settings = {} if method in ("stochastic", "recoil") else {"overshoot": 0.0}
    return settings | ({"steps": steps} if "steps" in find_defence(method).settings else {})


def small_context() -> DefenceContext:
    """The small network and its samples."""
    return DefenceContext(shared_network(), samples_of(shared_network()))


def draw(method: str, seeds: int, **settings: float) -> list[DefenceResult]:
    """One method's results over seeds, converted once; what overshoots is sought for none."""
    given, found = small_context(), find_defence(method)
    settings = {"overshoot": 0.0} | settings if "overshoot" in found.settings else settings
    results = []
    for seed in range(seeds):
        own = replace(given, seed=seed, settings=found.merged(settings))
        own.__dict__.update(conversion=given.conversion, grids=given.grids)
        results.append(found.run(own))
    return results


def flat_integers(result: DefenceResult) -> Any:
    """All integers in one row."""
    assert result.integers is not None
    return np.concatenate([q.ravel() for q in result.integers])


def defend_arguments(folder: Path, output: Path, *, data: str = "plain.npz") -> list[str]:
    """What `qmcu defend` is given beside the method."""
    return ["--float", str(folder / "model.keras"), "--calibration", str(folder / data),
            "-o", str(output)]  # fmt: skip
