#ifndef QMCU_MAXIMUM_S16_H
#define QMCU_MAXIMUM_S16_H

#include "binary.h"

/* The output may lie exactly over an input of its size that is not repeated. */
void qmcu_maximum_s16(const qmcu_binary_params *params, const int16_t *input1,
                      const int16_t *input2, int16_t *output);

#endif
