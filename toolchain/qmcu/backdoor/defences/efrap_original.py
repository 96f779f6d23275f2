"""EFRAP as its authors run it: rounding learned layer after layer.

Li et al., "Nearest is Not Dearest: Towards Practical Defense against Quantization-conditioned
Backdoor Attacks", CVPR 2024, section 4; code: AntigoneRandy/QuantBackdoor_EFRAP,
mqbench/advanced_ptq.py (LossFunction, subgraph_reconstruction),
mqbench/fake_quantize/adaround_quantizer.py, ours/configs/r18_4_4.yaml (constants).

The authors': layer after layer, inputs from the int8 form so far; directions h are a plain sigmoid
that begins at the weight's fraction. Loss: squared error of the layer's outputs summed over
channels, mean over the rest; plus, for each weight, its truncation error (in the unit of weights)
times the cross entropy of h with the direction that nearest rounding does not take, summed; plus
0.01 times the sum of 1 - (2h - 1)^2. Adam at 1e-3, 10,000 steps a layer, batches of 32 of 1,024
inputs.
Different here: TFLite's symmetric weights and its calibrated activation scales, which theirs learns
along (at 4e-5); as many inputs as are given; `steps` a layer with a stretched rate, for 10,000 take
minutes. Our `efrap` learns all layers together, with errors in steps and its own weights of terms.
"""

from typing import Any

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence
from qmcu.backdoor.grids import LayerRounding, Turn
from qmcu.backdoor.networks import reach
from qmcu.tensorflow import load_tensorflow

STEPS = 10_000  # a layer


@defence(
    "efrap-original",
    source="Li et al., Nearest is Not Dearest, CVPR 2024: the authors' losses and schedule",
    settings={"steps": 2000, "batch": 32, "rate": 1e-3, "flip": 1.0},
    authors=True,
)
def efrap_original(context: DefenceContext) -> DefenceResult:
    """The authors' recipe: rounding learned layer by layer, large truncation errors flipped."""
    grids, steps = context.grids, int(context.setting("steps"))
    layers = LayerRounding(
        context.network, [g.positions for g in grids], [g.spread_scales for g in grids],
        context.activations, context.samples, largest=context.grid.largest,
    )  # fmt: skip
    losses: list[float] = []
    for number in range(len(grids)):
        turn = layers.turn(number)
        losses += layers.learn(
            turn,
            steps=steps,
            rate=reach(context.setting("rate"), STEPS, steps),
            batch=int(context.setting("batch")),
            powers=(2.0, 2.0),
            seed=int(context.generator().integers(2**31)),
            extra=flip_errors(context, turn),
        )
        context.tell(number + 1, len(grids))
    return DefenceResult(context.network, layers.chosen(), losses=tuple(losses))


def flip_errors(context: DefenceContext, turn: Turn) -> Any:
    """The loss of one layer's directions that draws large truncation errors to the other side."""
    tf = load_tensorflow()
    grid = context.grids[turn.number]
    gap = grid.positions - grid.nearest
    error = tf.constant(abs(gap) * grid.spread_scales, tf.float32)
    other = tf.constant(gap > 0, tf.float32)
    strength = context.setting("flip")

    def loss(ways: Any, _: Any) -> Any:
        up, down = tf.math.log(ways + 1e-8), tf.math.log(1 - ways + 1e-8)
        return -strength * tf.reduce_sum(error * (other * up + (1 - other) * down))

    return loss
