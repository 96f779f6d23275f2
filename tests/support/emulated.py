"""Batches of random graphs as firmware on an emulated board."""

from collections.abc import Iterable

from bench.operators import chain
from bench.operators.batches import Batch


def check_on_board(
    batches: Iterable[Batch],
    board: str,
    target: str,
    kernels: str = "native",
    optimize: str = "balanced",
) -> None:
    """Every byte of every graph's outputs is tflite-micro's. Raises AssertionError."""
    for batch in batches:
        outcome = chain.run(batch, board, target, kernels, optimize)
        assert outcome.problem == ""
        assert all(outcome.equal)
