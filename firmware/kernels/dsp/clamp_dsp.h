#ifndef QMCU_CLAMP_DSP_H
#define QMCU_CLAMP_DSP_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t minimum; /* of int8, as is maximum; minimum <= maximum */
    int32_t maximum;
} qmcu_clamp_dsp_params;

/* Each value to the nearest one between minimum and maximum, in place; values at a whole word. */
void qmcu_clamp_dsp(const qmcu_clamp_dsp_params *params, int8_t *values);

#endif
