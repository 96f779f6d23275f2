"""Models with one of their outputs alone."""

from dataclasses import replace

from qmcu.model.graph import Graph
from qmcu.model.passes import operators_for
from qmcu.model.unpack import pack_model, standalone, unpack_model


def with_output(graph: Graph, number: int) -> Graph:
    """The graph with output `number` and what it needs; operators are numbered anew."""
    outputs = (graph.outputs[number],)
    kept = operators_for(outputs, graph.operators)
    operators = tuple(replace(op, index=k) for k, op in enumerate(kept))
    names = graph.output_names[number : number + 1]
    return replace(graph, operators=operators, outputs=outputs, output_names=names)


def keep_output(data: bytes, number: int, *, source: str = "model") -> bytes:
    """The .tflite file whose only output is `number` of its outputs, without what only others need;
    operators without outputs, as of variables, stay.
    """
    model = unpack_model(standalone(data, source=source), source)
    graph = model.subgraphs[0]
    kept = int(graph.outputs[number])
    graph.outputs = [kept]
    wanted, operators = {kept}, []
    for op in reversed(graph.operators):
        outputs, inputs = (() if some is None else some for some in (op.outputs, op.inputs))
        if not len(outputs) or wanted & {int(i) for i in outputs}:
            wanted |= {int(i) for i in inputs}
            operators.append(op)
    graph.operators = operators[::-1]
    for definition in model.signatureDefs or []:
        if definition.subgraphIndex == 0:
            own = [named for named in definition.outputs or [] if named.tensorIndex == kept]
            definition.outputs = own[:1]
    return pack_model(model)
