/* Any function of one byte: output = table[input], four at a time. */
#include "small.h"

#include "lookup_scalar.h"

void qmcu_lookup_scalar(const qmcu_lookup_scalar_params *params, const int8_t *input,
                        const int8_t *table, int8_t *output)
{
    const uint8_t *from = (const uint8_t *)input, *const results = (const uint8_t *)table;
    uint8_t *to = (uint8_t *)output;
    int32_t left = params->size;
    for (; left >= 4; left -= 4) {
        const uint8_t a = results[from[0]], b = results[from[1]];
        const uint8_t c = results[from[2]], d = results[from[3]];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        from += 4;
        to += 4;
    }
    for (; left > 0; --left) {
        *to++ = results[*from++];
    }
}
