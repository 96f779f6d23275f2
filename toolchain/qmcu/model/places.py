"""ARG_MAX and ARG_MIN whose answers are int64, as TensorFlow's argmax has them by default.

tflite-micro answers in int32; CAST makes int64 of that, so that the tensor keeps its type.
"""

from dataclasses import replace

from qmcu.model.graph import Graph, Operator, OptionValue, without_unused

_KINDS = ("ARG_MAX", "ARG_MIN")


def with_short_places(graph: Graph) -> Graph:
    """The graph with such operators in int32 and CAST behind them; itself where there is none.

    A CAST that was there already reads the int32 numbers, and a tensor that only such read is gone.
    """
    short = shorten_places(graph)
    return graph if short is graph else without_unused(short)


def has_long_places(graph: Graph, op: Operator) -> bool:
    """Whether an operator answers in int64."""
    return op.kind in _KINDS and graph.tensors[op.outputs[0]].dtype == "int64"


def shorten_places(graph: Graph) -> Graph:
    """The same with all tensors where they were, and new ones behind them."""
    tensors = list(graph.tensors)
    operators: list[Operator] = []
    short: dict[int, int] = {}
    wanted = {i for op in graph.operators if op.kind != "CAST" for i in op.inputs}
    wanted.update(graph.outputs)
    for op in graph.operators:
        if op.kind == "CAST" and op.inputs[0] in short:
            op = replace(op, inputs=(short[op.inputs[0]],))
            if "in_data_type" in op.options:
                op = replace(op, options={**op.options, "in_data_type": "INT32"})
        if not has_long_places(graph, op):
            operators.append(op)
            continue
        wide = tensors[op.outputs[0]]
        index = short[wide.index] = len(tensors)
        tensors.append(replace(wide, index=index, name=f"{wide.name}/int32", dtype="int32"))
        options = {**op.options, "output_type": "INT32"}
        operators.append(replace(op, outputs=(index,), options=options))
        if wide.index in wanted:
            types: dict[str, OptionValue] = {"in_data_type": "INT32", "out_data_type": "INT64"}
            operators.append(Operator(0, "CAST", (index,), (wide.index,), types, 1))
    if not short:
        return graph
    numbered = tuple(replace(op, index=i) for i, op in enumerate(operators))
    return replace(graph, tensors=tuple(tensors), operators=numbered)
