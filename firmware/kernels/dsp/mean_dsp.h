#ifndef QMCU_MEAN_DSP_H
#define QMCU_MEAN_DSP_H

#include <stdint.h>

/* As qmcu_mean_params. */
typedef struct {
    int32_t kept_sizes[2];
    int32_t kept_steps[2];
    int32_t reduced_sizes[2];
    int32_t reduced_steps[2];
    int32_t sum_offset;
    int32_t multiplier;
    int32_t shift;
    int32_t output_zero_point;
} qmcu_mean_dsp_params;

void qmcu_mean_dsp(const qmcu_mean_dsp_params *params, const int8_t *input, int8_t *output);

#endif
