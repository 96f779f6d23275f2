#ifndef QMCU_FULLY_CONNECTED_INT4_H
#define QMCU_FULLY_CONNECTED_INT4_H

#include "fully_connected.h"

typedef qmcu_fully_connected_params qmcu_fully_connected_int4_params;

/* fully_connected with int4 weights, two in a byte, each row from a whole byte on. scratch: the
   input_depth values of one row, which is all that is ever unpacked. */
void qmcu_fully_connected_int4(const qmcu_fully_connected_int4_params *params, const int8_t *input,
                               const uint8_t *weights, const int32_t *bias,
                               const int32_t *multipliers, const int8_t *shifts, void *scratch,
                               int8_t *output);

#endif
