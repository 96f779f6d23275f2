#ifndef QMCU_SIGNAL_DELAY_H
#define QMCU_SIGNAL_DELAY_H

#include <stdint.h>

typedef struct {
    int32_t outer;
    int32_t size;
    int32_t delay;
} qmcu_signal_delay_params;

/* `kept` holds the samples on their way, for each outer dimension. */
void qmcu_signal_delay(const qmcu_signal_delay_params *params, const int16_t *input, int16_t *kept,
                       int16_t *output);

#endif
