"""CUSTOM:TFLite_Detection_PostProcess, the end of a single-shot detector: boxes that remain."""

from math import prod

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators.signal_options import operand_types
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument
from qmcu.model.custom import operator_options
from qmcu.model.unwritten import DETECTION

_REAL = "float32"
_COUNTS = ("max_detections", "max_classes_per_detection", "num_classes")
_REALS = (
    "nms_score_threshold", "nms_iou_threshold", "y_scale", "x_scale", "h_scale", "w_scale",
)  # fmt: skip
# What the interpreter takes where the model does not say it.
_MOST_OF_CLASS = 100
_CORNERS = 4


def _check_options(context: OperatorContext) -> str | None:
    options = operator_options(context.operator)
    for name in (*_COUNTS, *_REALS):
        if not isinstance(options.get(name), int | float):
            return f"option {name} is {options.get(name)}, a number is needed"
    if min(int(options["max_detections"]), _most_of_class(context)) < 1:
        return "max_detections and detections_per_class are at least 1"
    if not 0 < options["nms_iou_threshold"] <= 1:
        return f"nms_iou_threshold {options['nms_iou_threshold']} is outside 0 to 1"
    zero = next((name for name in _REALS[2:] if options[name] == 0), None)
    return None if zero is None else f"{zero} is 0"


def _most_of_class(context: OperatorContext) -> int:
    return int(operator_options(context.operator).get("detections_per_class", _MOST_OF_CLASS))


def _is_by_class(context: OperatorContext) -> bool:
    return bool(operator_options(context.operator).get("use_regular_nms", False))


def _check_classes(context: OperatorContext) -> str | None:
    options = operator_options(context.operator)
    each = min(int(options["max_classes_per_detection"]), int(options["num_classes"]))
    if each == 1 or (each > 1 and _is_by_class(context)):
        return None
    return f"{each} classes of a box: the interpreter writes them outside its outputs"


def _check_shapes(context: OperatorContext) -> str | None:
    boxes, scores, anchors = (context.input(i) for i in range(3))
    if len(boxes.shape) != 3 or boxes.shape[0] != 1 or boxes.shape[2] < _CORNERS:
        return f"boxes {boxes} are no 1 x N x {_CORNERS} or more"
    count, classes = boxes.shape[1], int(operator_options(context.operator)["num_classes"])
    if scores.shape not in [(1, count, classes + background) for background in (0, 1)]:
        return f"scores {scores} do not fit {count} boxes of {classes} classes"
    if anchors.shape != (count, _CORNERS):
        return f"anchors {anchors} do not fit {count} boxes"
    most = int(operator_options(context.operator)["max_detections"])
    for position, size in enumerate((most * _CORNERS, most, most, 1)):
        output = context.output(position)
        if prod(output.shape) != size:
            return f"output {output} has {output.elements} numbers, {size} are needed"
    return None


def _check_readers(context: OperatorContext) -> str | None:
    if _is_by_class(context):
        return None
    *found, count = context.operator.outputs
    reader = next((o for o in context.graph.operators if set(found) & set(o.inputs)), None)
    if reader is not None:
        return f"{reader} reads what is not written in every inference"
    outputs = context.graph.outputs
    if set(found) & set(outputs) and count not in outputs:
        return "the number of detections is no output of the model, others are"
    return None


def _lower(context: OperatorContext) -> KernelCall:
    options = operator_options(context.operator)
    boxes, scores = context.input(0), context.input(1)
    count, most = boxes.shape[1], int(options["max_detections"])
    fields = (
        ("boxes", count),
        ("box_size", boxes.shape[2]),
        ("columns", scores.shape[2]),
        ("background", scores.shape[2] - int(options["num_classes"])),
        ("most", most),
        ("most_of_class", _most_of_class(context) if _is_by_class(context) else 0),
        ("score_threshold", float(options["nms_score_threshold"])),
        ("overlap_threshold", float(options["nms_iou_threshold"])),
        *((name, float(options[name])) for name in _REALS[2:]),
    )
    return context.call(
        "detection_postprocess",
        (
            ParametersArgument("qmcu_detection_postprocess_params", fields),
            *(context.operand(context.input(i)) for i in range(3)),
            ScratchArgument(4 * (6 * count + 2 * most)),
            *(context.operand(context.output(i)) for i in range(4)),
        ),
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        DETECTION,
        "detection_postprocess",
        (
            operand_types((_REAL,) * 3, (_REAL,) * 4),
            Constraint("its options are numbers within their ranges", _check_options),
            Constraint(
                "one class of a box (max_classes_per_detection) without use_regular_nms",
                _check_classes,
            ),
            Constraint("boxes, scores, anchors and static outputs fit the options", _check_shapes),
            Constraint(
                "without use_regular_nms boxes, classes, scores and their number are outputs alone",
                _check_readers,
            ),
        ),
        _lower,
        types=(_REAL,),
        note=(
            "Without use_regular_nms the interpreter leaves what is behind the last detection as "
            "its memory was; it is 0 here, and in expected bytes. exp is within one unit of the "
            "last place of a double; of 20 million boxes none differed in float32. A box without "
            "extent ends the interpreter's inference with an error; here nothing is found then."
        ),
    ),
)
