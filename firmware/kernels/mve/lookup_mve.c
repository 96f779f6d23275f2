/* Any function of one byte: output = table[input], 16 bytes a gather. */
#include "lookup_mve.h"

#include "mve.h"

void qmcu_lookup_mve(const qmcu_lookup_mve_params *params, const int8_t *input, const int8_t *table,
                     int8_t *output)
{
    int32_t left = params->size;
    for (; left >= 16; left -= 16, input += 16, output += 16) {
        vstrbq_s8(output, vldrbq_gather_offset_s8(table, vldrbq_u8((const uint8_t *)input)));
    }
    if (left > 0) {
        const mve_pred16_t live = vctp8q((uint32_t)left);
        const uint8x16_t index = vldrbq_z_u8((const uint8_t *)input, live);
        vstrbq_p_s8(output, vldrbq_gather_offset_s8(table, index), live);
    }
}
