#ifndef QMCU_BROADCAST_ARGS_S64_H
#define QMCU_BROADCAST_ARGS_S64_H

#include <stdint.h>

typedef struct {
    int32_t count1; /* how many dimensions each shape has */
    int32_t count2;
} qmcu_broadcast_args_s64_params;

void qmcu_broadcast_args_s64(const qmcu_broadcast_args_s64_params *params, const int64_t *input1,
                             const int64_t *input2, int64_t *output);

#endif
