/* output = output_scale * log(input * 2^correction_bits), up to 32767. */
#include "signal_filter_bank_log.h"

static uint32_t logarithm(uint32_t x, uint32_t scale, const uint16_t *table)
{
    uint32_t whole = 31;
    while (x >> whole == 0) {
        --whole;
    }
    /* The fraction of 16 bits, corrected by a straight line between two entries. */
    const uint32_t above = x - (UINT32_C(1) << whole);
    const uint32_t fraction = whole < 16 ? above << (16 - whole) : above >> (whole - 16);
    const uint32_t segment = fraction >> 9;
    const int32_t first = table[segment], second = table[segment + 1];
    const int32_t into = (int32_t)(fraction - (segment << 9));
    const uint32_t part = fraction + (uint32_t)(first + (((second - first) * into) >> 16));
    const uint32_t log2 = (whole << 16) + part;
    /* 45426 is 65536 * log(2). */
    const uint32_t natural = (uint32_t)((UINT64_C(45426) * log2 + 32768) >> 16);
    return (scale * natural + 32768) >> 16;
}

void qmcu_signal_filter_bank_log(const qmcu_signal_filter_bank_log_params *params,
                                 const uint32_t *input, const uint16_t *table, int16_t *output)
{

    for (int32_t i = 0; i < params->size; ++i) {
        const uint32_t scaled = input[i] << params->correction_bits;
        uint32_t value = 0;
        if (scaled > 1) {
            value = logarithm(scaled, (uint32_t)params->output_scale, table);
        }
        output[i] = (int16_t)(value < INT16_MAX ? value : INT16_MAX);
    }
}
