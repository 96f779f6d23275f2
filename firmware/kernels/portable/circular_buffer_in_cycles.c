/* The last values, and whether what follows is to run with them. */
#include "circular_buffer_in_cycles.h"

void qmcu_circular_buffer_in_cycles(const qmcu_circular_buffer_in_cycles_params *params,
                                    const int8_t *input, int8_t *kept, int32_t *count,
                                    int8_t *output, uint8_t *due)
{
    const int32_t size = params->size, added = params->added;
    for (int32_t i = 0; i < size; ++i) {
        kept[i] = i + added < size ? kept[i + added] : input[i + added - size];
        output[i] = kept[i];
    }
    *due = (uint8_t)(++*count >= params->cycles);
    if (*due != 0) {
        *count = 0;
    }
}
