/* Automatic gain control: the signal times a gain that falls with the noise, then shrunk. */
#include "signal_pcan.h"

/* A quadratic polynomial for each power of two of x, of the table's three coefficients. */
static int16_t gain_of(uint32_t x, const int16_t *table)
{
    if (x <= 2) {
        return table[x];
    }
    int32_t bits = 0;
    for (uint32_t rest = x; rest != 0; rest >>= 1) {
        ++bits;
    }
    const int16_t *const part = table + 4 * bits - 6;
    const int32_t fraction = (int32_t)((bits < 11 ? x << (11 - bits) : x >> (bits - 11)) & 0x3FF);
    int32_t result = (part[2] * fraction) >> 5;
    result += (int32_t)((uint32_t)part[1] << 5);
    result = (int32_t)((uint32_t)result * (uint32_t)fraction);
    result = (result + (1 << 14)) >> 15;
    return (int16_t)(result + part[0]);
}

void qmcu_signal_pcan(const qmcu_signal_pcan_params *params, const uint32_t *input,
                      const uint32_t *noise, const int16_t *table, uint32_t *output)
{

    for (int32_t i = 0; i < params->size; ++i) {
        const uint32_t gain = (uint32_t)gain_of(noise[i], table);
        const uint32_t ratio = (uint32_t)(((uint64_t)input[i] * gain) >> params->snr_shift);
        /* x^2 / 4 below 2, x - 1 above, of 12 fractional bits to 6. */
        output[i] = ratio < (2u << 12) ? (ratio * ratio) >> 20 : (ratio >> 6) - (1u << 6);
    }
}
