#ifndef QMCU_SPLIT_H
#define QMCU_SPLIT_H

#include <stdint.h>

typedef struct {
    int32_t rows;  /* product of the dimensions before the axis */
    int32_t parts; /* how many outputs */
    int32_t size;  /* bytes of a row that go to each output */
} qmcu_split_params;

void qmcu_split(const qmcu_split_params *params, const int8_t *input, int8_t *const *outputs);

#endif
