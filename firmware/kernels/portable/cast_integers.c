/* output = input, its low bytes where the output is narrower. */
#include "cast_integers.h"

void qmcu_cast_integers(const qmcu_cast_params *params, const void *input, void *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        qmcu_store(output, params->output_bytes, i, qmcu_load(input, params->input_bytes, i));
    }
}
