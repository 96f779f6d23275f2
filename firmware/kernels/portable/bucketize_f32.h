#ifndef QMCU_BUCKETIZE_F32_H
#define QMCU_BUCKETIZE_F32_H

#include "bucketize_code.h"

void qmcu_bucketize_f32(const qmcu_bucketize_params *params, const float *input,
                        const float *boundaries, int32_t *output);

#endif
