"""Custom operators that the compiler of an accelerator left in the place of a model's own."""

from qmcu.model.graph import Graph, Operator

# By how the operator's name begins: the accelerator, and its compiler.
_COMPILERS = {
    "CUSTOM:ethos-u": ("an Arm Ethos-U NPU", "Vela"),
    "CUSTOM:edgetpu-custom-op": ("a Coral Edge TPU", "edgetpu_compiler"),
    "CUSTOM:XC_": ("an XMOS xcore", "xmos-ai-tools"),
    "CUSTOM:NeutronGraph": ("an NXP eIQ Neutron NPU", "neutron-converter"),
}


def accelerated_operators(graph: Graph) -> list[Operator]:
    """The graph's operators that are such."""
    return [op for op in graph.operators if compiled_for(op.kind) is not None]


def compiled_for(kind: str) -> str | None:
    """What such an operator is and what to do about it, for `... is`; None for any other kind."""
    for begin, (accelerator, compiler) in _COMPILERS.items():
        if kind.startswith(begin):
            return (
                f"code for {accelerator}, which {compiler} made of the model's layers; give "
                "the model as it was before"
            )
    return None
