#ifndef QMCU_MULTIPLY_RAGGED_MVE_H
#define QMCU_MULTIPLY_RAGGED_MVE_H

#include "multiply_mve.h"

/* Filters in fours whose values lie as they are: form / 4 of the parameters, 1 to 16, are those that stand
   before whole vectors. weights, for each four filters: of filters 0 and 2, then of 1 and 3, these
   first values, of one and then of the other, and vectors in turn; then biases, multipliers and shifts, in
   the order 0, 2, 1, 3. */
extern const qmcu_mve_multiplier qmcu_mve_int8_ragged;

#endif
