#ifndef QMCU_SOFTMAX_TABLE_H
#define QMCU_SOFTMAX_TABLE_H

#include <stdint.h>

/* exp as Q0.31 of the differences 0 to -(entries - 1) to a row's largest; of those below it is less
   than 2^-20, of which neither the sum nor a probability has anything. */
typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t entries;
} qmcu_softmax_table_params;

#endif
