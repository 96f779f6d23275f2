#ifndef QMCU_CIRCULAR_BUFFER_H
#define QMCU_CIRCULAR_BUFFER_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t added;
} qmcu_circular_buffer_params;

/* `kept` holds the last `size` values, `added` of which are new in each inference. */
void qmcu_circular_buffer(const qmcu_circular_buffer_params *params, const int8_t *input,
                          int8_t *kept, int8_t *output);

#endif
