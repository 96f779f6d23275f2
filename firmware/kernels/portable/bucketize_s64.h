#ifndef QMCU_BUCKETIZE_S64_H
#define QMCU_BUCKETIZE_S64_H

#include "bucketize_code.h"

void qmcu_bucketize_s64(const qmcu_bucketize_params *params, const int64_t *input,
                        const float *boundaries, int32_t *output);

#endif
