"""What a tensor of a checkpoint is for, told by its name and shape, as file formats do not say."""

import re

from qmcu.size.contents import Role

# Names that GPTQ, AWQ, bitsandbytes, compressed-tensors, ONNX and torch.ao give to parameters of
# a quantization.
_QUANTIZATION = re.compile(
    r"(^|[._/])(q?zeros|q?scales?|zero_points?|absmax|quant_map|nested_(absmax|quant_map)|"
    r"quant_state[\w.]*|g_idx|"
    r"weight_(scale|scale_2|global_scale|zero_point|scale_inv|shape|g_idx)|input_scale|"
    r"(activation_post_process|fake_quant)\w*|min_val|max_val|SCB)$"
)
# What optimizers keep for each parameter (torch.optim, Keras).
_OPTIMIZER = re.compile(
    r"(^|[._/])(optimizers?|optimizer_state(_dict)?|optimizer_states|exp_avg(_sq)?|"
    r"max_exp_avg_sq|momentum_buffer|square_avg|optimizer_weights)([._/]|$)"
)
_VECTOR = re.compile(
    r"(^|[._/])(bias|beta|gamma|running_(mean|var)|moving_(mean|variance)|num_batches_tracked)(:0)?$"
)


# Counters, shapes and states of random generators; no quantizer stores weights as these.
_COUNTING = ("int64", "uint64", "uint32", "bool")


def role_of(name: str, shape: tuple[int, ...], dtype: str) -> Role:
    """The role of a checkpoint's tensor.

    A matrix or more is weights, a vector biases or norms, unless name or dtype say otherwise.
    """
    if _OPTIMIZER.search(name):
        return Role.OPTIMIZER
    if _QUANTIZATION.search(name):
        return Role.QUANTIZATION
    if _VECTOR.search(name):
        return Role.BIASES
    if sum(d > 1 for d in shape) >= 2:
        return Role.WEIGHTS
    return Role.CONSTANTS if dtype in _COUNTING else Role.BIASES
