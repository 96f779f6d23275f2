#ifndef QMCU_SIGNAL_FRAMER_H
#define QMCU_SIGNAL_FRAMER_H

#include <stdint.h>

typedef struct {
    int32_t outer;
    int32_t frames;
    int32_t size;
    int32_t step;
    int32_t capacity;
    int32_t first;
} qmcu_signal_framer_params;

/* `kept` is how many samples wait beyond `first`, then `capacity` samples for each row. */
void qmcu_signal_framer(const qmcu_signal_framer_params *params, const int16_t *input,
                        int16_t *kept, int16_t *output, uint8_t *valid);

#endif
