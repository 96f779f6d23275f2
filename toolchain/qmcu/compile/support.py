"""What of a graph cannot be compiled, in words: everything at once, before anything is lowered."""

from collections.abc import Sequence

from qmcu.compile.control import Flat, flatten
from qmcu.compile.early_ends import branch_at_early_ends
from qmcu.compile.lowering import IO_TYPES, OperatorContext, OperatorSupport, fitting_form
from qmcu.compile.operators import forms_of
from qmcu.compile.outputs import give_outputs_bytes
from qmcu.compile.staging import stage
from qmcu.compile.variables import Resolved, resolve_variables
from qmcu.errors import UnsupportedModelError
from qmcu.model.accelerators import accelerated_operators, compiled_for
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.hidden_states import show_states
from qmcu.model.passes import simplify
from qmcu.model.real_form import hybrid_operators
from qmcu.model.signed_form import unsigned_operators
from qmcu.resources import page

# Operators that move bytes and never look at a scale.
_SCALELESS = frozenset(
    {
        "BATCH_TO_SPACE_ND", "DEPTH_TO_SPACE", "EXPAND_DIMS", "GATHER", "GATHER_ND",
        "MAX_POOL_2D", "MIRROR_PAD", "PACK", "PAD", "RESHAPE", "RESIZE_NEAREST_NEIGHBOR",
        "REVERSE_V2", "SHAPE", "SLICE", "SPACE_TO_BATCH_ND", "SPACE_TO_DEPTH", "SPLIT", "SPLIT_V",
        "SQUEEZE", "STRIDED_SLICE", "TILE", "TRANSPOSE", "UNPACK",
    }
)  # fmt: skip


def refuse_unsupported(graph: Graph) -> None:
    """Raise UnsupportedModelError, listing everything, when the graph cannot be compiled."""
    refuse(graph, unsupported(graph))


def refuse(graph: Graph, problems: Sequence[str]) -> None:
    """The same of problems that are known already."""
    if problems:
        raise UnsupportedModelError(
            f"{graph.name} cannot be compiled ({len(problems)} "
            f"{'problem' if len(problems) == 1 else 'problems'}):",
            problems,
            f"See {page('OPERATORS')} for what is supported; convert the model to full int8 "
            "with supported operators.",
        )


def unsupported(graph: Graph) -> list[str]:
    """Everything in the graph that cannot be compiled, one clear phrase each; empty if nothing."""
    return problems_of(*prepared(graph))


def prepared(graph: Graph) -> tuple[Flat, Resolved]:
    """The graph as it is lowered: simplified, subgraphs, outputs and variables resolved."""
    flat = branch_at_early_ends(flatten(simplify(graph)))
    return flat, resolve_variables(give_outputs_bytes(stage(show_states(flat.graph))))


def problems_of(flat: Flat, resolved: Resolved) -> list[str]:
    """The same of a graph that is prepared."""
    if flat.problems or resolved.problems:
        return [*flat.problems, *resolved.problems]
    graph = resolved.graph
    problems = [
        f"model {role} {tensor.name} is {tensor.dtype}, one of {', '.join(IO_TYPES)} is needed"
        for role, tensors in (("input", graph.input_tensors), ("output", graph.output_tensors))
        for tensor in tensors
        if tensor.dtype not in IO_TYPES
    ]
    if not graph.operators:
        problems.append("the model has no operators")
    problems += _whole_problems(graph)
    whole = (*unsigned_operators(graph), *hybrid_operators(graph), *accelerated_operators(graph))
    told = {op.index for op in whole}
    for operator in graph.operators:
        if operator.index in told:
            continue
        found: OperatorSupport | str = "the operator is not supported"
        if (without_scale := _without_scale(graph, operator)) is not None:
            found = f"the scale of {without_scale} is 0"
        elif forms := forms_of(operator.kind):
            found = fitting_form(forms, OperatorContext(graph, operator))
        elif operator.kind.startswith("CUSTOM:"):
            found = (
                "it is a custom operator that qmcu does not know; describe it in a file and give "
                f"that with --operator FILE.toml (see {page('CUSTOM_OPERATORS')})"
            )
        if isinstance(found, str):
            problems.append(f"{operator}: {found}")
    return problems


def _whole_problems(graph: Graph) -> list[str]:
    """What is the matter with the whole model, where it would be told of each operator."""
    problems = []
    count = len(graph.operators)
    if found := accelerated_operators(graph):
        problems.append(f"{len(found)} of {count} operators are {compiled_for(found[0].kind)}")
    if old := unsigned_operators(graph):
        problems.append(
            f"{len(old)} of {count} operators compute with uint8 integers, as "
            "TensorFlow 1 quantized, for which tflite-micro has no kernels; `qmcu convert "
            f"{graph.name}.tflite -o OUT.tflite` makes int8 of it, without calibration"
        )
    if hybrid := hybrid_operators(graph):
        problems.append(
            f"{len(hybrid)} of {count} operators have integer weights and float32 "
            "activations (dynamic range quantization), for which tflite-micro has no kernels; "
            f"`qmcu convert {graph.name}.tflite --calibration DATA -o OUT.tflite` makes int8 of it"
        )
    return problems


def _without_scale(graph: Graph, operator: Operator) -> Tensor | None:
    """An activation of scale 0 whose scale counts: nothing can be computed with it."""
    if operator.kind in _SCALELESS:
        return None
    for index in (*operator.inputs, *operator.outputs):
        tensor = graph.tensors[index]
        grid = tensor.quantization
        if index >= 0 and not tensor.is_constant and grid is not None and not grid.scale:
            return tensor
    return None
