#ifndef QMCU_FULLY_CONNECTED_MVE_H
#define QMCU_FULLY_CONNECTED_MVE_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    int32_t steps;       /* input_depth / 16, rounded up */
    int32_t scales_step; /* bytes from the scales of four rows to the next; 0: all have the first */
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_fully_connected_mve_params;

/* weights: rows in fours, [groups][steps][4][16], filled up with zeros, the last group [steps][rows][16]
   if there are less (int4: four); channels: biases [groups][4], then multipliers and shifts of each
   four, [groups][2][4] or [1][2][4]. Reads up to 15 bytes beyond the input (times zero). */
void qmcu_fully_connected_mve(const qmcu_fully_connected_mve_params *params, const int8_t *input,
                              const int8_t *weights, const int32_t *channels, int8_t *output);

#endif
