#ifndef QMCU_MINIMUM_S16_H
#define QMCU_MINIMUM_S16_H

#include "binary.h"

/* The output may lie exactly over an input of its size that is not repeated. */
void qmcu_minimum_s16(const qmcu_binary_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output);

#endif
