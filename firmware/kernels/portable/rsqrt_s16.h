#ifndef QMCU_RSQRT_S16_H
#define QMCU_RSQRT_S16_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t multiplier;
    int32_t shift; /* -11 to 20 */
} qmcu_rsqrt_s16_params;

/* The output may lie exactly over the input. */
void qmcu_rsqrt_s16(const qmcu_rsqrt_s16_params *params, const int16_t *input, int16_t *output);

#endif
