/* Which inputs of a transposed convolution reach an output. */
#ifndef QMCU_REACH_H
#define QMCU_REACH_H

#include <stdint.h>

/* Along one axis: the inputs first <= i < end that reach `position` = output + padding. */
typedef struct {
    int32_t first;
    int32_t end;
} qmcu_reach;

static inline qmcu_reach qmcu_reaching(int32_t position, int32_t stride, int32_t taps, int32_t size)
{
    qmcu_reach inputs = {0, position / stride + 1};
    if (position >= taps) {
        inputs.first = (position - taps) / stride + 1;
    }
    if (inputs.end > size) {
        inputs.end = size;
    }
    return inputs;
}

#endif
