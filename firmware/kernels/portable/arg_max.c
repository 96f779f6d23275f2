/* Where the largest element along an axis is: the first of those that are equal. */
#include "arg_max.h"

QMCU_ARG(qmcu_arg_max, int8_t, >)
