"""A defence's choice in the files of several schemes.

A defence chooses integers on a grid of weights. 16x8 and dynamic range store weights on the same
grid as int8 per channel, so that one choice is deployed in all three; the others have their own.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.defences import (
    DefenceContext,
    DefenceResult,
    check_samples,
    convert_result,
    deploy_result,
    find_defence,
)
from qmcu.backdoor.grids import CHANNEL_GRID, WeightGrid
from qmcu.backdoor.networks import Network, keras_from_network, weighted_layers
from qmcu.model.reader import parse_model
from qmcu.model.schemes import (
    DYNAMIC,
    FLOAT16,
    FLOAT32,
    INT4_CHANNEL,
    INT8_CHANNEL,
    INT8_TENSOR,
    INT16X8,
    Scheme,
    convert_scheme,
)
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Progress

INT4_GRID = WeightGrid.of_bits(4)
# The grid that each scheme's weights lie on.
GRIDS = {
    DYNAMIC: CHANNEL_GRID,
    INT16X8: CHANNEL_GRID,
    INT8_TENSOR: WeightGrid(per_tensor=True),
    INT8_CHANNEL: CHANNEL_GRID,
    INT4_CHANNEL: INT4_GRID,
}
WITHOUT = {
    FLOAT32: "nothing is rounded, so nothing can be chosen",
    FLOAT16: "a defence chooses integers on a grid and float16 has none",
}


@dataclass(frozen=True, eq=False)
class Defended:
    """The defence `method` on one network; each grid's choice is made once.

    `samples` are float32 [N, ...] inputs for calibration. Raises UsageError for an unknown method.
    """

    method: str
    network: Network
    samples: npt.NDArray[np.float32]
    seed: int
    _choices: dict[WeightGrid, tuple[DefenceContext, DefenceResult]] = field(default_factory=dict)

    def model(self, scheme: Scheme, progress: Progress) -> tuple[bytes, str]:
        """The scheme's .tflite, proved to hold the choice, and a note on how much was chosen.

        int4 levels are stored in int8 bytes. Raises ModelError, VectorError, ToolError, and
        CheckFailedError when the file does not hold what was chosen.
        """
        grid = GRIDS[scheme]
        if grid not in self._choices:
            self._choices[grid] = self._choose(grid, progress)
        context, result = self._choices[grid]
        if scheme in (DYNAMIC, INT16X8):
            keras = keras_from_network(result.network)
            base = convert_scheme(keras, context.calibration, scheme)
        else:
            base = convert_result(context, result).model
        graph = parse_model(base, self.network.graph.name)
        # In execution order, as the layers are.
        places = {layer.weights: k for k, layer in enumerate(weighted_layers(graph))}
        if not any(graph.tensors[index].dtype == "int8" for index in places):
            return base, "no weights were rounded: the converter leaves small ones in float"
        model, chosen, proof = deploy_result(result, base)
        changed = sum(
            int(np.count_nonzero(c.integers != context.grids[places[c.tensor]].nearest))
            for c in chosen
        )
        note = f"{changed:,} of {proof.weights:,} integers are others than without it"
        total = sum(w.size for w in self.network.weights)
        if proof.weights < total:
            note += f"; the converter leaves {total - proof.weights:,} other weights in float"
        return model, note

    def _choose(self, grid: WeightGrid, progress: Progress) -> tuple[DefenceContext, DefenceResult]:
        found = find_defence(self.method)
        check_samples(self.network, self.samples, None)
        load_tensorflow("a defence").config.experimental.enable_op_determinism()
        context = DefenceContext(
            self.network, self.samples, None, self.seed, found.merged({}), progress, grid
        )
        for other, _ in self._choices.values():
            # The inputs that ranges are taken from are the same for every grid, and dear.
            context.__dict__["calibration"] = other.calibration
        return context, found.quantize(context)
