#ifndef QMCU_FULLY_CONNECTED_ANY_DSP_H
#define QMCU_FULLY_CONNECTED_ANY_DSP_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_depth;
    int32_t output_depth;
    int32_t output_zero_point;
    int32_t
        bias_step; /* words from a bias to the next: 3, or 1 where all filters have one scale; 4 times
                          what is left of whole steps where filters in fours are not filled up */
} qmcu_fully_connected_any_dsp_params;

/* weights: outputs in fours, in steps of 4 values of each, filled up with zeros or what is left of each behind
   them; then one to three by themselves, filled up. channels: one for each output as any_dsp.h says; or, where all have one scale, a bias
   for each and one channel. No scratch. Reads up to 3 bytes beyond the input
   (times zero). */
void qmcu_fully_connected_any_dsp(const qmcu_fully_connected_any_dsp_params *params,
                                  const int8_t *input, const int8_t *weights,
                                  const int32_t *channels, int8_t *output);

#endif
