#ifndef QMCU_ABS_S16_H
#define QMCU_ABS_S16_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t rescales; /* 0: the scales are equal */
    int32_t multiplier;
    int32_t shift;
} qmcu_abs_s16_params;

/* The output may lie exactly over the input. */
void qmcu_abs_s16(const qmcu_abs_s16_params *params, const int16_t *input, int16_t *output);

#endif
