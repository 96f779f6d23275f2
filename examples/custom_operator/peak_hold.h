#ifndef PEAK_HOLD_H
#define PEAK_HOLD_H

#include <stdint.h>

/* The fields of [parameters], in its order. */
typedef struct {
    int32_t size;
    int32_t zero_point;
    int32_t decay;
} qmcu_peak_hold_params;

/* `held` are the peaks above the zero point, kept from one inference to the next. */
void qmcu_peak_hold(const qmcu_peak_hold_params *params, const int8_t *input, uint8_t *held,
                    int8_t *output);

#endif
