/* Any function of one byte: output = table[input]. */
#include "lookup.h"

void qmcu_lookup(const qmcu_lookup_params *params, const int8_t *input, const int8_t *table,
                 int8_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = table[(uint8_t)input[i]];
    }
}
