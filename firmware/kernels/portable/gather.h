#ifndef QMCU_GATHER_H
#define QMCU_GATHER_H

#include <stdint.h>

typedef struct {
    int32_t batches; /* each with its own indices */
    int32_t rows;    /* per batch, all with the same indices */
    int32_t length;  /* blocks of a row, among which the indices choose */
    int32_t count;   /* indices per batch */
    int32_t block;   /* bytes that an index stands for */
} qmcu_gather_params;

/* An index outside a row takes the nearest block that there is. */
void qmcu_gather(const qmcu_gather_params *params, const int8_t *input, const int32_t *indices,
                 int8_t *output);

#endif
