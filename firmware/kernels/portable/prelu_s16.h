#ifndef QMCU_PRELU_S16_H
#define QMCU_PRELU_S16_H

#include "prelu.h"

void qmcu_prelu_s16(const qmcu_prelu_params *params, const int16_t *input, const int8_t *alpha,
                    int16_t *output);

#endif
