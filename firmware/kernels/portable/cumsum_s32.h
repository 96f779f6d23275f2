#ifndef QMCU_CUMSUM_S32_H
#define QMCU_CUMSUM_S32_H

#include "cumsum_code.h"

/* The output may lie exactly over the input. */
void qmcu_cumsum_s32(const qmcu_cumsum_plain_params *params, const int32_t *input, int32_t *output);

#endif
