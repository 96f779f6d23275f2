#ifndef QMCU_SIGNAL_WINDOW_H
#define QMCU_SIGNAL_WINDOW_H

#include <stdint.h>

typedef struct {
    int32_t size; /* of the input, a multiple of length */
    int32_t length;
    int32_t shift;
} qmcu_signal_window_params;

void qmcu_signal_window(const qmcu_signal_window_params *params, const int16_t *input,
                        const int16_t *window, int16_t *output);

#endif
