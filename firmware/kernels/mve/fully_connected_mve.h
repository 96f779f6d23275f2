#ifndef QMCU_FULLY_CONNECTED_MVE_H
#define QMCU_FULLY_CONNECTED_MVE_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    int32_t steps;  /* input_depth / 16, rounded up */
    int32_t direct; /* 1: input_depth is a multiple of 16 */
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_fully_connected_mve_params;

/* weights: rows in fours, [groups][steps][4][16], filled up with zeros, the last group [steps][rows][16]
   if there are less (int4: four); channels: bias, multiplier and shift of each four, [groups][3][4]. scratch: 16 * steps bytes, unless direct. */
void qmcu_fully_connected_mve(const qmcu_fully_connected_mve_params *params, const int8_t *input,
                              const int8_t *weights, const int32_t *channels, void *scratch,
                              int8_t *output);

#endif
