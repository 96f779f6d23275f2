#ifndef QMCU_TRANSPOSE_CONV_PAIRS_MVE_H
#define QMCU_TRANSPOSE_CONV_PAIRS_MVE_H

#include "multiply_mve.h"
#include "transpose_phases.h"

typedef struct {
    qmcu_transpose_phases phases;
    qmcu_multiply_mve_params multiply; /* whose steps are not used */
} qmcu_transpose_conv_pairs_mve_params;

/* input and output NHWC. weights: of each phase as conv_2d_mve_columns.h has them. scratch: what that takes
   of the largest phase, then the staged rows. */
void qmcu_transpose_conv_pairs_mve(const qmcu_transpose_conv_pairs_mve_params *params,
                                   const int8_t *input, const int32_t *weights, void *scratch,
                                   int8_t *output);

#endif
