"""The quantizer's change as a task vector, and a step against it.

Yang et al., "Quantization as a Malicious Task" (QVec), 2026: W - Q(W) points from the quantized
model, in which the backdoor acts, to the float model, in which it does not. W + strength (W - Q(W))
goes further that way; its rounding then flips every weight whose residual, so stretched, crosses a
boundary. No training, no inputs, no trigger.
"""

from qmcu.backdoor.defences.method import DefenceContext, DefenceResult, defence


@defence("qvec", source="Yang et al., QVec, 2026", settings={"strength": 1.0})
def qvec(context: DefenceContext) -> DefenceResult:
    """The float weights moved against their rounding errors before quantizing."""
    strength = context.setting("strength")
    moved = [
        grid.weights + strength * (grid.weights - grid.nearest * grid.spread_scales)
        for grid in context.grids
    ]
    return DefenceResult(context.network.with_parameters(moved, context.network.biases))
