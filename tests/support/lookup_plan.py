"""A plan of two table look-ups, which needs no model: what firmware is tested with."""

from qmcu.compile.plan import (
    Constant,
    ConstantArgument,
    KernelCall,
    ParametersArgument,
    Placement,
    Plan,
    PlanTensor,
    TensorArgument,
)

SIZE = 600  # more than two COBS blocks
ADDED = 4  # what the two layers add to each byte, modulo 256


def lookup(step: int, source: int, target: int, added: int) -> KernelCall:
    layer = f"l{step:02d}_lookup"
    values = bytes((i + added) & 255 for i in range(256))
    return KernelCall(
        kernel="lookup",
        layer=layer,
        operator=step,
        kind="LOGISTIC",
        arguments=(
            ParametersArgument("qmcu_lookup_params", (("size", SIZE),)),
            TensorArgument(source),
            ConstantArgument(Constant(f"{layer}_table", "int8_t", values, (256,), "table")),
            TensorArgument(target),
        ),
        reads=(source,),
        writes=(target,),
    )


def two_layers() -> Plan:
    offsets = (0, SIZE, 0)
    return Plan(
        name="two layers",
        model_sha256="ab" * 32,
        kernels="portable",
        optimize="balanced",
        calls=(lookup(0, 0, 1, 1), lookup(1, 1, 2, 3)),
        placements=tuple(Placement(f"t{i}", (i,), offsets[i], SIZE, i - 1, i) for i in range(3)),
        tensors=tuple(PlanTensor(i, f"t{i}", (SIZE,), 1.0, 0, offsets[i], SIZE) for i in range(3)),
        inputs=(0,),
        outputs=(2,),
        arena_size=2 * SIZE,
        arena_lower_bound=2 * SIZE,
    )
