/* Any function of one byte: output = table[input], four bytes a word. */
#include "small.h"

#include "lookup_dsp.h"

#include "dsp.h"

void qmcu_lookup_dsp(const qmcu_lookup_dsp_params *params, const int8_t *input, const int8_t *table,
                     int8_t *output)
{
    const uint8_t *const results = (const uint8_t *)table;
    int32_t left = params->size;
    for (; left >= 4; left -= 4) {
        const uint32_t word = qmcu_load_word(input);
        const uint32_t low = results[word & 255u] | (uint32_t)results[word >> 8 & 255u] << 8;
        const uint32_t high = results[word >> 16 & 255u] | (uint32_t)results[word >> 24] << 8;
        qmcu_store_word(output, low | high << 16);
        input += 4;
        output += 4;
    }
    for (; left > 0; --left) {
        *output++ = table[(uint8_t)*input++];
    }
}
