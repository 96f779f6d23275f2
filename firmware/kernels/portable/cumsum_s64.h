#ifndef QMCU_CUMSUM_S64_H
#define QMCU_CUMSUM_S64_H

#include "cumsum_code.h"

/* The output may lie exactly over the input. */
void qmcu_cumsum_s64(const qmcu_cumsum_plain_params *params, const int64_t *input, int64_t *output);

#endif
