/* Where the smallest element along an axis is: the first of those that are equal. */
#include "arg_min_f32.h"

QMCU_ARG(qmcu_arg_min_f32, float, <)
