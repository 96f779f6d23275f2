"""Between float and int8: where weights and activations lie on the grids of a quantizer.

In come a `Network` and its int8 graph, or calibration inputs; out go the network in the file's
form, its grids (`LayerGrid` for weights, `ActivationGrid` for activations), int8 inference
simulated so that gradients see through it, channels scaled without changing the function, and
chosen integers written into a .tflite file with the proof that they are in it.
"""

from qmcu.backdoor.grids.activation_ranges import (
    write_ranges,
)
from qmcu.backdoor.grids.channel_scaling import (
    channel_groups,
    layer_factors,
    moved_layers,
    range_factors,
    rescale,
    rescale_like,
    rescale_limits,
)
from qmcu.backdoor.grids.constants import (
    write_constants,
)
from qmcu.backdoor.grids.deployment import (
    Chosen,
    Proof,
    choose,
    deploy,
    prove,
)
from qmcu.backdoor.grids.layer_rounding import (
    LayerRounding,
    Turn,
)
from qmcu.backdoor.grids.narrowing import (
    find_limits,
)
from qmcu.backdoor.grids.overshoot import (
    Ascent,
    Ends,
    OvershootAscent,
    Patterns,
    clean_ends,
    count_multiplications,
    count_values,
    furthest_inputs,
    grid_ends,
    own_ranges,
    split_rows,
    weigh_tensors,
)
from qmcu.backdoor.grids.pairing import (
    ALIKE,
    pair_network,
)
from qmcu.backdoor.grids.reach import (
    Reach,
    find_kept_overshoot,
)
from qmcu.backdoor.grids.shrinkage import (
    expected_shrinkage,
    slice_sizes,
)
from qmcu.backdoor.grids.simulation import (
    FIXED_GRID,
    SAME_GRID,
    ActivationGrid,
    LiveGrids,
    calibrate_grids,
    ends_of,
    ends_of_each,
    extremes,
    keep_within,
    pair_tensors,
    quantize_activations,
    read_grids,
    round_through,
    round_to_grid,
)
from qmcu.backdoor.grids.soft_rounding import (
    SoftRounding,
)
from qmcu.backdoor.grids.weight_grids import (
    CHANNEL_GRID,
    LARGEST,
    LayerGrid,
    WeightGrid,
    beyond_rounding,
    channel_scales,
    coarsen,
    deployed_biases,
    layer_grids,
    round_to_nearest,
    spread,
    trained_on,
)

__all__ = [
    "ALIKE",
    "CHANNEL_GRID",
    "FIXED_GRID",
    "LARGEST",
    "SAME_GRID",
    "ActivationGrid",
    "Ascent",
    "Chosen",
    "Ends",
    "LayerGrid",
    "LayerRounding",
    "LiveGrids",
    "OvershootAscent",
    "Patterns",
    "Proof",
    "Reach",
    "SoftRounding",
    "Turn",
    "WeightGrid",
    "beyond_rounding",
    "calibrate_grids",
    "channel_groups",
    "channel_scales",
    "choose",
    "clean_ends",
    "coarsen",
    "count_multiplications",
    "count_values",
    "deploy",
    "deployed_biases",
    "ends_of",
    "ends_of_each",
    "expected_shrinkage",
    "extremes",
    "find_kept_overshoot",
    "find_limits",
    "furthest_inputs",
    "grid_ends",
    "keep_within",
    "layer_factors",
    "layer_grids",
    "moved_layers",
    "own_ranges",
    "pair_network",
    "pair_tensors",
    "prove",
    "quantize_activations",
    "range_factors",
    "read_grids",
    "rescale",
    "rescale_like",
    "rescale_limits",
    "round_through",
    "round_to_grid",
    "round_to_nearest",
    "slice_sizes",
    "split_rows",
    "spread",
    "trained_on",
    "weigh_tensors",
    "write_constants",
    "write_ranges",
]
