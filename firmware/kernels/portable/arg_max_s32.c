/* Where the largest element along an axis is: the first of those that are equal. */
#include "arg_max_s32.h"

QMCU_ARG(qmcu_arg_max_s32, int32_t, >)
