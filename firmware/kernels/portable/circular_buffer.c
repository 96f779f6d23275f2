/* The last values: what came in goes to the end, the oldest goes out at the beginning. */
#include "circular_buffer.h"

void qmcu_circular_buffer(const qmcu_circular_buffer_params *params, const int8_t *input,
                          int8_t *kept, int8_t *output)
{
    const int32_t size = params->size, added = params->added;
    for (int32_t i = 0; i < size; ++i) {
        kept[i] = i + added < size ? kept[i + added] : input[i + added - size];
        output[i] = kept[i];
    }
}
