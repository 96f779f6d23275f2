#ifndef QMCU_ADD_DSP_H
#define QMCU_ADD_DSP_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t offset;     /* -(zero point of the wider input) * 2^19 */
    int32_t zero_point; /* of the other input */
    int32_t left_shift; /* of the other input: 21, or 22 with a multiplier of 1/2 */
    int32_t multiplier; /* of the other input */
    int32_t rounding;   /* 2^(shift - 1) */
    int32_t shift;      /* to the right, at least 1 */
    int32_t output_multiplier;
    int32_t output_rounding; /* 2^(output_shift - 1) + (output zero point << output_shift) */
    int32_t output_shift;
} qmcu_add_dsp_params;

/* Both inputs have the output's shape; `wider` is the one of the larger scale. The output may lie
   exactly over an input. */
void qmcu_add_dsp(const qmcu_add_dsp_params *params, const int8_t *wider, const int8_t *other,
                  int8_t *output);

#endif
