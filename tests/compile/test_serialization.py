"""A saved plan is the same plan."""

from pathlib import Path

import pytest

from qmcu.compile.plan import (
    Constant,
    ConstantArgument,
    KernelCall,
    ParametersArgument,
    Placement,
    Plan,
    PlanTensor,
    ScratchArgument,
    TensorArgument,
    TensorListArgument,
)
from qmcu.compile.serialization import load_plan, plan_from_json, plan_to_json
from qmcu.errors import UsageError


@pytest.fixture
def plan() -> Plan:
    weights = Constant("l00_w", "int8_t", bytes(range(256)), (16, 16), "weights")
    call = KernelCall(
        kernel="conv_2d_s8",
        layer="l00_conv_2d",
        operator=0,
        kind="CONV_2D",
        arguments=(
            ParametersArgument("qmcu_conv_2d_s8_params", (("a", 1), ("b", (2, 3)))),
            TensorArgument(0),
            TensorListArgument((0, 1), False),
            ConstantArgument(weights),
            ConstantArgument(None),
            ScratchArgument(12),
        ),
        reads=(0,),
        writes=(1,),
        macs=7,
        may_overlay=((0, 1),),
    )
    return Plan(
        name="m",
        model_sha256="ab" * 32,
        kernels="portable",
        optimize="balanced",
        calls=(call,),
        placements=(Placement("t", (0, 1), 0, 16, -1, 1),),
        tensors=(PlanTensor(0, "t", (1, 4, 4), 0.1, -3, 0, 16),),
        inputs=(0,),
        outputs=(1,),
        arena_size=16,
        arena_lower_bound=16,
    )


def test_round_trip(plan: Plan) -> None:
    assert plan_from_json(plan_to_json(plan)) == plan


def test_missing_and_damaged_files_are_named(plan: Plan, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    with pytest.raises(UsageError, match=r"plan\.json cannot be read"):
        load_plan(file)
    for text in ("{", "{}", "[]", plan_to_json(plan).replace('"format": 1', '"format": 9')):
        file.write_text(text)
        with pytest.raises(UsageError, match=r"is no plan of a firmware: .*`qmcu build`"):
            load_plan(file)
