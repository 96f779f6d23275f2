#ifndef QMCU_BITWISE_XOR_S32_H
#define QMCU_BITWISE_XOR_S32_H

#include "binary.h"

/* The output may lie exactly over an input of its size that is not repeated. */
void qmcu_bitwise_xor_s32(const qmcu_binary_params *params, const int32_t *input1,
                          const int32_t *input2, int32_t *output);

#endif
