#ifndef QMCU_FULLY_CONNECTED_PAIR_DSP_H
#define QMCU_FULLY_CONNECTED_PAIR_DSP_H
#include <stdint.h>
/* Four filters. */
typedef struct {
    int32_t joint_bias01, bias0, joint_bias23, bias2; /* joint: bias0 + 256 * bias1 */
    int32_t requantization[4][2];                     /* multiplier, shift - 1 */
} qmcu_filter_quad;
typedef struct {
    int32_t batches;
    int32_t input_depth; /* a multiple of 4 if there is more than one batch; input is aligned to
                            words */
    int32_t output_depth;
    int32_t
        rounding; /* 2 * output zero point + 1; with one scale for all filters that of the scale */
    int32_t multiplier, shift; /* where all filters have one scale */
} qmcu_fully_connected_pair_dsp_params;
/* No scratch. Reads up to 3 bytes beyond the input (times zero). */
void qmcu_fully_connected_pair_dsp(const qmcu_fully_connected_pair_dsp_params *params,
                                   const int8_t *input, const int16_t *weights,
                                   const int32_t *quads, int8_t *output);
#endif
