#ifndef QMCU_CIRCULAR_BUFFER_IN_CYCLES_H
#define QMCU_CIRCULAR_BUFFER_IN_CYCLES_H

#include <stdint.h>

typedef struct {
    int32_t size;
    int32_t added;
    int32_t cycles;
} qmcu_circular_buffer_in_cycles_params;

/* As qmcu_circular_buffer; `due` is 1 in every `cycles`-th inference, which `count` counts. */
void qmcu_circular_buffer_in_cycles(const qmcu_circular_buffer_in_cycles_params *params,
                                    const int8_t *input, int8_t *kept, int32_t *count,
                                    int8_t *output, uint8_t *due);

#endif
