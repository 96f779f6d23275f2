#ifndef QMCU_PACK_H
#define QMCU_PACK_H

#include <stdint.h>

typedef struct {
    int32_t rows;  /* product of the dimensions before the new axis */
    int32_t parts; /* how many tensors are joined */
    int32_t size;  /* bytes that each gives to a row */
} qmcu_pack_params;

void qmcu_pack(const qmcu_pack_params *params, const int8_t *const *inputs, int8_t *output);

#endif
