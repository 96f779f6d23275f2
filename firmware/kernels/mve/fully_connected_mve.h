#ifndef QMCU_FULLY_CONNECTED_MVE_H
#define QMCU_FULLY_CONNECTED_MVE_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_depth;
    int32_t values; /* of a row of weights: input_depth, or that filled up to vectors */
    int32_t output_depth;
    int32_t scales_step; /* bytes from the scales of four rows to the next; 0: all have the first */
    int32_t output_zero_point;
    int32_t activation_minimum;
    int32_t activation_maximum;
} qmcu_fully_connected_mve_params;

/* weights: rows in fours, of each four first what is left of whole vectors, [4][values % 16], then vectors,
   [values / 16][4][16]; one to three last rows by themselves, [rows][values]; 16 bytes from where any
   row begins, at least. channels: a bias for each row, then multipliers and shifts of each four rows,
   [groups][2][4], or one multiplier and shift for all. Where rows are filled up, reads up to 15 bytes
   beyond the input (times zero). */
void qmcu_fully_connected_mve(const qmcu_fully_connected_mve_params *params, const int8_t *input,
                              const int8_t *weights, const int32_t *channels, int8_t *output);

#endif
