/* Rows that are reduced to one element each. */
#ifndef QMCU_REDUCE_ROWS_H
#define QMCU_REDUCE_ROWS_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t length; /* of a row, 1 at least */
} qmcu_reduce_rows_params;

#endif
