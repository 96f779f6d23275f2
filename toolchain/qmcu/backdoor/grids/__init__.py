"""Between float and int8: where weights and activations lie on the grids of a quantizer.

In come a `Network` and its int8 graph, or calibration inputs; out go its grids (`LayerGrid` for
weights, `ActivationGrid` for activations), int8 inference simulated so that gradients see through
it, channels scaled without changing the function, and chosen integers written into a .tflite file
with the proof that they are in it.
"""

from qmcu.backdoor.grids.channel_scaling import (
    channel_groups,
    layer_factors,
    moved_layers,
    range_factors,
    rescaled,
)
from qmcu.backdoor.grids.constants import (
    with_constants,
)
from qmcu.backdoor.grids.deployment import (
    Chosen,
    Proof,
    choose,
    deploy,
    prove,
)
from qmcu.backdoor.grids.simulation import (
    SAME_GRID,
    ActivationGrid,
    LiveGrids,
    calibrated_grids,
    deployed_grids,
    extremes,
    on_grid,
    quantized_activations,
    round_through,
    within,
)
from qmcu.backdoor.grids.soft_rounding import (
    SoftRounding,
)
from qmcu.backdoor.grids.weight_grids import (
    CHANNEL_GRID,
    LARGEST,
    LayerGrid,
    WeightGrid,
    channel_scales,
    coarser,
    layer_grids,
    nearest,
    spread,
)

__all__ = [
    "CHANNEL_GRID",
    "LARGEST",
    "SAME_GRID",
    "ActivationGrid",
    "Chosen",
    "LayerGrid",
    "LiveGrids",
    "Proof",
    "SoftRounding",
    "WeightGrid",
    "calibrated_grids",
    "channel_groups",
    "channel_scales",
    "choose",
    "coarser",
    "deploy",
    "deployed_grids",
    "extremes",
    "layer_factors",
    "layer_grids",
    "moved_layers",
    "nearest",
    "on_grid",
    "prove",
    "quantized_activations",
    "range_factors",
    "rescaled",
    "round_through",
    "spread",
    "with_constants",
    "within",
]
