#ifndef QMCU_SIGNAL_STACKER_H
#define QMCU_SIGNAL_STACKER_H

#include <stdint.h>

typedef struct {
    int32_t channels;
    int32_t left;
    int32_t capacity;
    int32_t step;
} qmcu_signal_stacker_params;

/* `kept` is how many samples wait, whether any came, and the samples: `capacity` of them. */
void qmcu_signal_stacker(const qmcu_signal_stacker_params *params, const int16_t *input,
                         int16_t *kept, int16_t *output, uint8_t *valid);

#endif
