#ifndef QMCU_BROADCAST_ARGS_S32_H
#define QMCU_BROADCAST_ARGS_S32_H

#include <stdint.h>

typedef struct {
    int32_t count1; /* how many dimensions each shape has */
    int32_t count2;
} qmcu_broadcast_args_s32_params;

void qmcu_broadcast_args_s32(const qmcu_broadcast_args_s32_params *params, const int32_t *input1,
                             const int32_t *input2, int32_t *output);

#endif
