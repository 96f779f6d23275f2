#ifndef QMCU_DIV_S32_H
#define QMCU_DIV_S32_H

#include "binary_s32.h"

/* The output may lie exactly over an input that is not repeated. */
void qmcu_div_s32(const qmcu_binary_s32_params *params, const int32_t *input1,
                  const int32_t *input2, int32_t *output);

#endif
