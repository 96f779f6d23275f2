"""Causes of a file's size beside the weights: what training, saving and the format add."""

from qmcu.size.analysis import SizeReport
from qmcu.size.cause import Cause, convert, quoted
from qmcu.size.contents import FileKind, Role

OVERHEAD = (Role.METADATA, Role.GRAPH, Role.CONTAINER, Role.QUANTIZATION, Role.PADDING)
_DOMINANT = {
    Role.METADATA: "metadata or signatures dominate",
    Role.GRAPH: "graph dominates",
    Role.CONTAINER: "container dominates",
    Role.QUANTIZATION: "quantization parameters dominate",
    Role.PADDING: "padding dominates",
}


def optimizer_cause(report: SizeReport) -> Cause:
    """What only training needs."""
    count = report.roles[Role.OPTIMIZER]
    name = quoted(report)
    command = f"save the model's weights alone, without the optimizer's state, from {name}"
    if report.kind == FileKind.TORCH:
        command = (
            f"python -c \"import torch; c = torch.load('{report.path}', weights_only=True); "
            "torch.save(c.get('model', c.get('state_dict', c)), 'weights.pt')\""
        )
    elif report.kind in (FileKind.KERAS, FileKind.HDF5):
        command = (
            f"python -c \"import keras; keras.models.load_model('{report.path}', compile=False)"
            ".save('weights-only.keras')\""
        )
    return Cause(
        "optimizer state",
        f"{count:,} of {report.size:,} bytes are the optimizer's state, which only training needs",
        command, count, 0,
    )  # fmt: skip


def unused_cause(report: SizeReport) -> Cause:
    """Bytes of storages that no tensor shows."""
    count = report.roles[Role.UNUSED]
    return Cause(
        "unused storage",
        f"{count:,} bytes belong to no tensor: views were saved with all that they are views of",
        "clone tensors before saving: torch.save({k: v.clone() for k, v in state.items()}, FILE)",
        count,
        0,
    )


def duplicates_cause(report: SizeReport) -> Cause:
    """Tensors that are in the file twice."""
    count = report.roles[Role.DUPLICATES]
    pairs = [t for t in report.tensors if t.duplicate_of]
    largest = max(pairs, key=lambda t: t.tensor.stored)
    again = f"{largest.tensor.name} is {largest.duplicate_of} again"
    commands = {
        FileKind.SAFETENSORS: "save with safetensors.torch.save_model, which stores shared tensors "
        "once",
        FileKind.TORCH: "save shared tensors as one: assign one to the other before saving",
    }
    return Cause(
        "buffers duplicated",
        f"{count:,} bytes are copies of other tensors in the file, {len(pairs)} of them ({again})",
        commands.get(report.kind) or convert(report), count, 0,
    )  # fmt: skip


def overhead_cause(report: SizeReport) -> Cause:
    """Bytes that are no weights at all."""
    parts = sorted(
        ((report.roles.get(r, 0), r) for r in OVERHEAD if report.roles.get(r, 0)), reverse=True
    )
    count = sum(size for size, _ in parts)
    listed = ", ".join(f"{role} {size:,}" for size, role in parts[:3])
    largest = max(report.large, key=lambda pair: pair[1], default=("", 0))
    named = f"; the largest is {largest[0]!r} with {largest[1]:,}" if largest[1] else ""
    command = convert(report)
    if report.kind == FileKind.TFLITE:
        command = f"qmcu build {quoted(report)} --board stm32f746  # none of it reaches the device"
    return Cause(
        _DOMINANT[parts[0][1]] if parts else "empty",
        f"{count:,} of {report.size:,} bytes are no weights ({listed}){named}",
        command, count, report.roles.get(Role.QUANTIZATION, 0),
    )  # fmt: skip
