"""What goes into a model: data sets and triggers, and inputs made of real ones.

In come the names of data sets, .npz files and settings of triggers; out go a `Dataset` (float32
inputs [N, ...] with their labels), a `Trigger` that changes inputs in float and exactly in int8,
and, for defences and detectors that know no trigger, varied inputs and the patches of an input.
Nothing here runs a model.
"""

from qmcu.backdoor.inputs.classifier import (
    classifier_input,
    integer_inputs,
    refuse_state,
    single_input,
)
from qmcu.backdoor.inputs.datasets import (
    Dataset,
    load_dataset,
)
from qmcu.backdoor.inputs.joined import (
    JoinedShape,
    Part,
    Parts,
    part_name,
)
from qmcu.backdoor.inputs.regions import (
    regions,
)
from qmcu.backdoor.inputs.synthesis import (
    real_batches,
    vary,
    vary_batches,
)
from qmcu.backdoor.inputs.trigger_files import (
    trigger_arrays,
)
from qmcu.backdoor.inputs.trigger_kinds import (
    make_trigger,
)
from qmcu.backdoor.inputs.triggers import (
    Trigger,
    TriggerChange,
    dequantize,
    load_trigger,
)

__all__ = [
    "Dataset",
    "JoinedShape",
    "Part",
    "Parts",
    "Trigger",
    "TriggerChange",
    "classifier_input",
    "dequantize",
    "integer_inputs",
    "load_dataset",
    "load_trigger",
    "make_trigger",
    "part_name",
    "real_batches",
    "refuse_state",
    "regions",
    "single_input",
    "trigger_arrays",
    "vary",
    "vary_batches",
]
