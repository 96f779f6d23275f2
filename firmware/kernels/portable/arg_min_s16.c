/* Where the smallest element along an axis is: the first of those that are equal. */
#include "arg_min_s16.h"

QMCU_ARG(qmcu_arg_min_s16, int16_t, <)
