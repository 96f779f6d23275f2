"""Float networks: built, trained, read, run, and turned into Keras models and back.

In comes a Keras model or a .tflite graph; out goes a `Network`, the converter's graph with its
weights apart, batch normalization folded, which `forward` runs differentiably. Here are also the
architectures to attack and to defend, and the descent and the losses that all training shares.
"""

from qmcu.backdoor.networks.architectures import (
    build_architecture,
    check_architecture,
    load_keras,
    train,
)
from qmcu.backdoor.networks.descent import (
    class_logits,
    cross_entropy,
    descend,
    divergence,
    reach,
)
from qmcu.backdoor.networks.joined import (
    apart,
    input_orders,
    is_joined,
    join_inputs,
    joined_shape,
    own_inputs,
    part_of,
    reorder_inputs,
    with_ends,
)
from qmcu.backdoor.networks.keras_model import (
    convert_network,
    keras_from_network,
    open_float,
    open_float_graph,
    open_keras,
    open_network,
    prepare_network,
    save_keras,
)
from qmcu.backdoor.networks.lstm import (
    LSTM,
    PARAMETERS,
    carry_states,
)
from qmcu.backdoor.networks.network import (
    CHANNEL_AXES,
    CONSTANT,
    Activation,
    Layer,
    Network,
    batches,
    forward,
    layer_windows,
    logits,
    network_from_graph,
    network_from_keras,
    quantized_layers,
    run_layer,
    weighted_layers,
)
from qmcu.backdoor.networks.plain import (
    plain_graph,
)
from qmcu.backdoor.networks.slopes import (
    logit_slopes,
)

__all__ = [
    "CHANNEL_AXES",
    "CONSTANT",
    "LSTM",
    "PARAMETERS",
    "Activation",
    "Layer",
    "Network",
    "apart",
    "batches",
    "build_architecture",
    "carry_states",
    "check_architecture",
    "class_logits",
    "convert_network",
    "cross_entropy",
    "descend",
    "divergence",
    "forward",
    "input_orders",
    "is_joined",
    "join_inputs",
    "joined_shape",
    "keras_from_network",
    "layer_windows",
    "load_keras",
    "logit_slopes",
    "logits",
    "network_from_graph",
    "network_from_keras",
    "open_float",
    "open_float_graph",
    "open_keras",
    "open_network",
    "own_inputs",
    "part_of",
    "plain_graph",
    "prepare_network",
    "quantized_layers",
    "reach",
    "reorder_inputs",
    "run_layer",
    "save_keras",
    "train",
    "weighted_layers",
    "with_ends",
]
