#ifndef QMCU_COPY_H
#define QMCU_COPY_H

#include <stdint.h>

typedef struct {
    int32_t size;
} qmcu_copy_params;

void qmcu_copy(const qmcu_copy_params *params, const int8_t *input, int8_t *output);

#endif
