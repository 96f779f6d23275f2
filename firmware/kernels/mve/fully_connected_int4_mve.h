#ifndef QMCU_FULLY_CONNECTED_INT4_MVE_H
#define QMCU_FULLY_CONNECTED_INT4_MVE_H

#include "fully_connected_mve.h"

typedef qmcu_fully_connected_mve_params qmcu_fully_connected_int4_mve_params;

/* fully_connected_mve.h with int4 weights: rows in fours, [groups][values / 16][2][16], each byte a value
   of one row in the low nibble and of the next in the high one; the last group is filled up. */
void qmcu_fully_connected_int4_mve(const qmcu_fully_connected_int4_mve_params *params,
                                   const int8_t *input, const int8_t *weights,
                                   const int32_t *channels, int8_t *output);

#endif
