#ifndef QMCU_SUM_ROWS_H
#define QMCU_SUM_ROWS_H

#include <stdint.h>

typedef struct {
    int32_t pixels;
    int32_t depth;
} qmcu_sum_rows_params;

/* input [pixels][depth]; `before`, the sums of earlier rows, is NULL for the first ones, `after` may
   be it; both [depth] */
void qmcu_sum_rows(const qmcu_sum_rows_params *params, const int8_t *input, const int32_t *before,
                   int32_t *after);

#endif
