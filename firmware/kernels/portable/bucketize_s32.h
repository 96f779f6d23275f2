#ifndef QMCU_BUCKETIZE_S32_H
#define QMCU_BUCKETIZE_S32_H

#include "bucketize_code.h"

void qmcu_bucketize_s32(const qmcu_bucketize_params *params, const int32_t *input,
                        const float *boundaries, int32_t *output);

#endif
