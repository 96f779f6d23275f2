/* Rows of real numbers along the last dimension. */
#ifndef QMCU_ROWS_H
#define QMCU_ROWS_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
} qmcu_rows_params;

/* The largest of the row, the lowest number that there is if none is comparable. */
static inline float qmcu_largest(const float *row, int32_t depth)
{
    float largest = -0x1.fffffep127f;
    for (int32_t i = 0; i < depth; ++i) {
        largest = largest < row[i] ? row[i] : largest;
    }
    return largest;
}

#endif
