#ifndef QMCU_LOGICAL_AND_H
#define QMCU_LOGICAL_AND_H

#include "binary.h"

/* The output may lie exactly over an input of its size that is not repeated. */
void qmcu_logical_and(const qmcu_binary_params *params, const uint8_t *input1,
                      const uint8_t *input2, uint8_t *output);

#endif
