#ifndef QMCU_MULTIPLY_INT4_MVE_H
#define QMCU_MULTIPLY_INT4_MVE_H

#include "multiply_mve.h"

/* weights, for each two filters: 16 bytes a step, each a value of one in the low nibble and of the
   other in the high one; then biases, multipliers and shifts. */
extern const qmcu_mve_multiplier qmcu_mve_int4;

#endif
