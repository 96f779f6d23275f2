#ifndef QMCU_FULLY_CONNECTED_INT4_DSP_H
#define QMCU_FULLY_CONNECTED_INT4_DSP_H
#include <stdint.h>
typedef struct {
    int32_t batches;
    int32_t input_depth; /* a multiple of 4 if there is more than one batch; input is aligned to
                            words */
    int32_t output_depth;
    int32_t steps; /* input_depth / 8, rounded up */
    /* One for all outputs; rounding and shift are those of int4_dsp.h. */
    int32_t multiplier, left_shift, rounding, shift;
} qmcu_fully_connected_int4_dsp_params;
/* int4 weights: for each four outputs and each 8 values, 8 halfwords, of the values 0, 2, 1, 3, 4, 6,
   5, 7, of four outputs each as int4_dsp.h says, but 0 beyond input_depth. sums: what the four of
   them start with: bias0, + 16 * bias1, + 256 * bias2, + 4096 * bias3. No scratch. Reads up to 7
   bytes beyond the input (times zero). */
void qmcu_fully_connected_int4_dsp(const qmcu_fully_connected_int4_dsp_params *params,
                                   const int8_t *input, const int16_t *weights, const int32_t *sums,
                                   int8_t *output);
#endif
