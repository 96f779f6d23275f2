#ifndef QMCU_SOFTMAX_S8_S16_H
#define QMCU_SOFTMAX_S8_S16_H

#include "softmax.h"

/* As qmcu_softmax; the output has scale 2^-16 and zero point -2^15. */
void qmcu_softmax_s8_s16(const qmcu_softmax_params *params, const int8_t *input, int16_t *output);

#endif
