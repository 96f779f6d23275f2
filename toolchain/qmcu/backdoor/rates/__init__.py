"""How often: clean accuracy and attack success rate, each a `Rate` with counts and interval.

In come a model and clean and triggered inputs; out go predictions, in float by Keras or in int8 by
the tflite-micro oracle, and the rates of both as an `Evaluation`.
"""

from qmcu.backdoor.rates.evaluation import (
    Evaluation,
    classes_of,
    evaluate_float,
    evaluate_integer,
    predict_float,
    predict_integer,
    run_integer,
)
from qmcu.backdoor.rates.metrics import (
    Rate,
    attack_success_rate,
    clean_accuracy,
    other_classes,
)
from qmcu.backdoor.rates.oracle_pool import (
    run_oracle,
)

__all__ = [
    "Evaluation",
    "Rate",
    "attack_success_rate",
    "classes_of",
    "clean_accuracy",
    "evaluate_float",
    "evaluate_integer",
    "other_classes",
    "predict_float",
    "predict_integer",
    "run_integer",
    "run_oracle",
]
