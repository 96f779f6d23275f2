"""Small models that keep a state from one inference to the next."""

from dataclasses import replace

import numpy as np

from qmcu.model.graph import Graph, Operator, OptionValue, Quantization, Tensor

GRID = Quantization((0.5,), (-3,))
RESOURCE = "resource"
Options = dict[str, OptionValue]
Step = tuple[str, tuple[int, ...], tuple[int, ...], Options]


def shift_register(
    initial: np.ndarray | None = None, *, early: bool = False, dtype: str = "int8"
) -> Graph:
    """The last three inputs (resource variable [3, 4]) and the new one, summed pairwise.

    An initialiser gives `initial` if there is one. With `early` the variable is assigned before
    the value that was read is used.
    """
    row, window, longer = (1, 4), (3, 4), (4, 4)
    tensors = [
        Tensor(0, "in", row, dtype, GRID),
        Tensor(1, "handle", (), RESOURCE),
        Tensor(2, "read", window, dtype, GRID),
        Tensor(3, "joined", longer, dtype, GRID),
        Tensor(4, "kept", window, dtype, GRID),
        Tensor(5, "begin", (2,), "int32", None, np.array([1, 0], np.int32).tobytes()),
        Tensor(6, "end", (2,), "int32", None, np.array([4, 4], np.int32).tobytes()),
        Tensor(7, "strides", (2,), "int32", None, np.array([1, 1], np.int32).tobytes()),
        Tensor(8, "out", window, dtype, GRID),
    ]
    handle: Options = {"container": "", "shared_name": "window"}
    none: Options = {"fused_activation_function": "NONE"}
    masks: Options = dict.fromkeys(
        ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0
    )
    steps: list[Step] = [
        ("VAR_HANDLE", (), (1,), handle),
        ("READ_VARIABLE", (1,), (2,), {}),
        ("CONCATENATION", (2, 0), (3,), {"axis": 0, **none}),
        ("STRIDED_SLICE", (3, 5, 6, 7), (4,), masks),
        ("ADD", (2, 4), (8,), none),
        ("ASSIGN_VARIABLE", (1, 4), (), {}),
    ]
    if early:
        steps[4], steps[5] = steps[5], steps[4]
    subgraphs: tuple[Graph, ...] = ()
    if initial is not None:
        steps.insert(0, ("CALL_ONCE", (), (), {"init_subgraph_index": 1}))
        inner = (
            Tensor(0, "handle", (), RESOURCE),
            Tensor(1, "first", window, dtype, GRID, initial.tobytes()),
        )
        body = (
            Operator(0, "VAR_HANDLE", (), (0,), handle),
            Operator(1, "ASSIGN_VARIABLE", (0, 1), ()),
        )
        subgraphs = (Graph("init", inner, body, (), ()),)
    operators = tuple(Operator(i, *step) for i, step in enumerate(steps))
    return Graph("register", tuple(tensors), operators, (0,), (8,), subgraphs=subgraphs)


def two_svdf_layers() -> Graph:
    """Two SVDF layers of 3 units that remember 4 values each, in int8."""
    rng = np.random.default_rng(5)
    tensors = [Tensor(0, "in", (1, 3), "int8", GRID)]
    layers = []
    options: Options = {
        "rank": 1, "fused_activation_function": "NONE", "asymmetric_quantize_inputs": False,
    }  # fmt: skip

    def add(name: str, shape: tuple[int, ...], dtype: str, scale: float, data: bytes | None) -> int:
        grid = Quantization((scale,), (0,))
        tensors.append(Tensor(len(tensors), name, shape, dtype, grid, data))
        return len(tensors) - 1

    source = 0
    for number in range(2):
        weights = [rng.integers(-128, 128, shape).astype(np.int8) for shape in ((3, 3), (3, 4))]
        operands = [
            source,
            add(f"features{number}", (3, 3), "int8", 2**-7, weights[0].tobytes()),
            add(f"times{number}", (3, 4), "int8", 2**-7, weights[1].tobytes()),
            add(f"bias{number}", (3,), "int32", 2**-7, np.zeros(3, np.int32).tobytes()),
            add(f"state{number}", (1, 12), "int8", 1.0, None),
        ]
        tensors[-1] = replace(tensors[-1], is_variable=True)
        source = add(f"out{number}", (1, 3), "int8", 1.0, None)
        layers.append(Operator(number, "SVDF", tuple(operands), (source,), options, 3))
    return Graph("two_svdf_layers", tuple(tensors), tuple(layers), (0,), (source,))
