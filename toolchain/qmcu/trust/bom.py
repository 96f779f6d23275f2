"""The ML-BOM: what the image is made of, as CycloneDX 1.6 by cyclonedx-python-lib."""

import uuid
from collections.abc import Mapping
from typing import Any

from qmcu.extras import load_module
from qmcu.firmware import Firmware

_PURPOSE = "an ML-BOM"


def bill_of_materials(
    firmware: Firmware, sums: Mapping[str, str], materials: Mapping[str, tuple[str, str]]
) -> str:
    """The BOM as JSON: the firmware, in it the model; beside them sources, tools and materials.

    `sums` are the directory's files by name, `materials` name and SHA-256 of what lies elsewhere,
    by role. The same firmware gives the same text. Raises ToolError without the package.
    """
    model_of = load_module("cyclonedx.model.component", _PURPOSE)
    kinds = model_of.ComponentType
    bom = load_module("cyclonedx.model.bom", _PURPOSE).Bom(
        serial_number=uuid.uuid5(uuid.NAMESPACE_OID, firmware.image.sha256)
    )
    together = firmware.together()
    root = _component(
        kinds.FIRMWARE, "-".join(one.plan.name for one in together), sums["firmware.elf"],
        "firmware",
        {"board": firmware.board.name, "image-sha256": firmware.image.sha256,
         "build-id": firmware.image.build_id},
    )  # fmt: skip
    bom.metadata.component = root
    bom.metadata.timestamp = None
    parts = [
        _component(
            kinds.MACHINE_LEARNING_MODEL, one.plan.name, one.plan.model_sha256,
            "model" if len(together) == 1 else f"model-{one.plan.name}", _described(one),
        )
        for one in together
    ]  # fmt: skip
    for role, (name, digest) in materials.items():
        kind = kinds.MACHINE_LEARNING_MODEL if role == "float" else kinds.DATA
        parts.append(_component(kind, name, digest, f"material-{role}", {"role": role}))
    parts += [
        _component(kinds.FILE, name, digest, f"file-{name}", {})
        for name, digest in sums.items()
        if name.startswith("src/") or name == "board.ld"
    ]
    for name, version in firmware.memory.tools.items():
        tool = model_of.Component(
            type=kinds.APPLICATION, name=name, version=version, bom_ref=f"tool-{name}"
        )
        parts.append(tool)
    for part in parts:
        bom.components.add(part)
    bom.register_dependency(root, parts)
    return _text(bom)


def _component(
    kind: Any, name: str, digest: str, reference: str, properties: Mapping[str, str]
) -> Any:
    model = load_module("cyclonedx.model", _PURPOSE)
    component = load_module("cyclonedx.model.component", _PURPOSE).Component
    return component(
        type=kind, name=name, bom_ref=reference,
        hashes=[model.HashType(alg=model.HashAlgorithm.SHA_256, content=digest)],
        properties=[model.Property(name=f"qmcu:{k}", value=v) for k, v in properties.items()],
    )  # fmt: skip


def _described(firmware: Firmware) -> dict[str, str]:
    """What the BOM says of a model beside its name and sum."""
    plan = firmware.plan
    return {
        "operators": ", ".join(sorted({call.kind for call in plan.calls})),
        "kernels": plan.kernels,
        "multiply-accumulates": str(plan.macs),
        "inputs": _tensors(firmware, plan.inputs),
        "outputs": _tensors(firmware, plan.outputs),
    }


def _tensors(firmware: Firmware, indices: tuple[int, ...]) -> str:
    tensors = [firmware.plan.tensor(i) for i in indices]
    return ", ".join(f"{t.name} {t.dtype}{list(t.shape)}" for t in tensors)


def _text(bom: Any) -> str:
    output = load_module("cyclonedx.output.json", _PURPOSE)
    return str(output.JsonV1Dot6(bom).output_as_string(indent=1)) + "\n"
