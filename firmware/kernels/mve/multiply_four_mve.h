/* Four pixels times four filters at a time. */
#ifndef QMCU_MULTIPLY_FOUR_MVE_H
#define QMCU_MULTIPLY_FOUR_MVE_H

#include "multiply_mve.h"

/* Filters in fours, forms QMCU_MVE_AWAY and QMCU_MVE_RELU, outputs at multiples of four bytes.
   weights, for each four filters: 16 bytes of filter 0, then of 2, step by step; the same of filters
   1 and 3; then biases, multipliers and shifts, of filters 0, 2, 1, 3 each. */
extern const qmcu_mve_multiplier qmcu_mve_int8_four;

#endif
