"""The given inputs, dealt out: those that a search learns from, looks at, and is judged by."""

from dataclasses import dataclass

from qmcu.types import Float32Array

TAUGHT, LOOKED = 16, 32


@dataclass(frozen=True, eq=False)
class Dealt:
    """Parts of the given inputs, float32 [N, ...] each; `unseen` is all of them where the search
    needs all.
    """

    taught: Float32Array
    looked: Float32Array
    unseen: Float32Array


def deal(samples: Float32Array) -> Dealt:
    """A quarter at most to learn from and to look at; of very few, each part has at least one."""
    taught = max(1, min(TAUGHT, len(samples) // 4))
    looked = max(1, min(LOOKED, len(samples) // 4))
    unseen = samples[taught + looked :]
    return Dealt(
        samples[:taught],
        samples[taught : taught + looked] if len(samples) > taught else samples,
        unseen if len(unseen) else samples,
    )
