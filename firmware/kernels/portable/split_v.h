#ifndef QMCU_SPLIT_V_H
#define QMCU_SPLIT_V_H

#include <stdint.h>

typedef struct {
    int32_t rows;  /* product of the dimensions before the axis */
    int32_t parts; /* how many outputs */
} qmcu_split_v_params;

/* sizes are the bytes of a row that go to each output. */
void qmcu_split_v(const qmcu_split_v_params *params, const int8_t *input, const int32_t *sizes,
                  int8_t *const *outputs);

#endif
