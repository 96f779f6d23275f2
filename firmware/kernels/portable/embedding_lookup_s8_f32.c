/* Rows of an int8 table as real numbers: output[i] = scale * table[indices[i]]. */
#include "embedding_lookup_s8_f32.h"

void qmcu_embedding_lookup_s8_f32(const qmcu_embedding_lookup_s8_f32_params *params,
                                  const int32_t *indices, const int8_t *table, float *output)
{
    const qmcu_embedding_lookup_s8_f32_params *const p = params;
    for (int32_t i = 0; i < p->count; ++i) {
        int32_t row = indices[i] < 0 ? 0 : indices[i];
        row = row < p->rows ? row : p->rows - 1;
        for (int32_t at = 0; at < p->length; ++at) {
            *output++ = p->scale * (float)table[row * p->length + at];
        }
    }
}
