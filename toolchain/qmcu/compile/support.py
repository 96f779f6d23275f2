"""What of a graph cannot be compiled, in words: everything at once, before anything is lowered."""

from collections.abc import Sequence

from qmcu.compile.control import Flat, flatten
from qmcu.compile.early_ends import branch_at_early_ends
from qmcu.compile.lowering import IO_TYPES, OperatorContext, fitting_form
from qmcu.compile.operators import forms_of
from qmcu.compile.outputs import give_outputs_bytes
from qmcu.compile.staging import stage
from qmcu.compile.variables import Resolved, resolve_variables
from qmcu.errors import UnsupportedModelError
from qmcu.model.accelerators import accelerated_operators, compiled_for
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.hidden_states import show_states
from qmcu.model.passes import simplify
from qmcu.model.real_form import half_operators, hybrid_operators
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

# What to do about operators that are not there.
_INSTEAD = {
    "MULTINOMIAL": "give the model random numbers as an input",
    "NON_MAX_SUPPRESSION_V4": "end the model before it and choose the boxes in your own code",
    "NON_MAX_SUPPRESSION_V5": "end the model before it and choose the boxes in your own code",
    "POW": (
        "`qmcu convert` of the float model writes constant powers with operators that it has; "
        "else multiply, or take SQRT and RSQRT for powers of a half"
    ),
    "RANDOM_STANDARD_NORMAL": "give the model random numbers as an input",
    "RANDOM_UNIFORM": "give the model random numbers as an input",
    "RFFT2D": "compute the spectrum outside of the model and give it real numbers",
    "UNIQUE": "end the model before it",
    "WHERE": "choose by SELECT_V2 of three operands, whose result has a fixed shape",
}
_ELSE = "write the layer with others that are, or compute it outside of the model"
_ADVICE = (
    "See {} for what is supported: all operators of tflite-micro and some more, for the types that "
    "are listed; build the model of these, or convert it to full int8."
)


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
            "" if all(_has_way_out(p) for p in problems) else _ADVICE.format(page("OPERATORS")),
        )


def _has_way_out(problem: str) -> bool:
    """Whether a problem says itself what to do: after a semicolon, as all of ours do."""
    return ";" in problem


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
    checked = [(op, _problem(graph, op)) for op in graph.operators]
    failing = [(op, problem) for op, problem in checked if problem is not None]
    whole, told = _whole_problems(graph, {id(op) for op, _ in failing})
    problems += whole
    problems += [f"{op}: {problem}" for op, problem in failing if id(op) not in told]
    return problems


def _problem(graph: Graph, operator: Operator) -> str | None:
    """Why an operator cannot be compiled, by itself; None if it can."""
    if (without_scale := _without_scale(graph, operator)) is not None:
        return f"the scale of {without_scale} is 0"
    if forms := forms_of(operator.kind):
        fitting = fitting_form(forms, OperatorContext(graph, operator))
        return fitting if isinstance(fitting, str) else None
    if operator.kind.startswith("CUSTOM:"):
        return (
            "it is a custom operator that qmcu does not know; describe it in a file and give "
            f"that with --operator FILE.toml (see {page('CUSTOM_OPERATORS')})"
        )
    return f"tflite-micro has no such operator; {_INSTEAD.get(operator.kind, _ELSE)}"


def _whole_problems(graph: Graph, failing: set[int]) -> tuple[list[str], set[int]]:
    """What is the matter with many layers at once; which of the failing ones, by id, it tells."""
    name, count = graph.name, len(graph.operators)
    accelerated, unsigned, hybrid, halves = (
        [op for op in kind(graph) if id(op) in failing]
        for kind in (accelerated_operators, unsigned_operators, hybrid_operators, half_operators)
    )
    problems = []
    if accelerated:
        what = compiled_for(accelerated[0].kind)
        problems.append(f"{len(accelerated)} of {count} operators are {what}")
    if unsigned:
        problems.append(
            f"{len(unsigned)} of {count} operators compute with uint8 integers, as TensorFlow 1 "
            "quantized, for which tflite-micro has no kernels; `qmcu convert "
            f"{name}.tflite -o OUT.tflite` makes int8 of it, without calibration"
        )
    problems += [
        f"{len(found)} of {count} operators {what}, for which tflite-micro has no kernels; "
        f"`qmcu convert {name}.tflite --calibration DATA -o OUT.tflite` makes int8 of it"
        for found, what in (
            (
                hybrid,
                "have integer weights and float32 activations (dynamic range quantization)",
            ),
            (halves, "read float16 weights (float16 quantization)"),
        )
        if found
    ]
    return problems, {id(op) for op in (*accelerated, *unsigned, *hybrid, *halves)}


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
