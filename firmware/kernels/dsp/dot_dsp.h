/* Sums of products for the DSP extension, as accumulate.h and accumulate_s16.h have them. */
#ifndef QMCU_DOT_DSP_H
#define QMCU_DOT_DSP_H

#include "dsp.h"

#include <stdint.h>

/* Four products. */
static inline int32_t qmcu_four_products(const int8_t *a, const int8_t *b, int32_t sum)
{
    const uint32_t x = qmcu_load_word(a), y = qmcu_load_word(b);
    sum = qmcu_smlad(qmcu_sxtb16(x), qmcu_sxtb16(y), sum);
    return qmcu_smlad(qmcu_sxtb16_odd(x), qmcu_sxtb16_odd(y), sum);
}

static inline uint32_t qmcu_dot_dsp(uint32_t sum, const int8_t *a, const int8_t *b, int32_t count)
{
    int32_t result = (int32_t)sum;
    for (; count >= 8; count -= 8, a += 8, b += 8) {
        result = qmcu_four_products(a, b, result);
        result = qmcu_four_products(a + 4, b + 4, result);
    }
    if (count >= 4) {
        result = qmcu_four_products(a, b, result);
        count -= 4;
        a += 4;
        b += 4;
    }
    for (; count > 0; --count) {
        result = (int32_t)((uint32_t)result + (uint32_t)(*a++ * *b++));
    }
    return (uint32_t)result;
}

/* sum + a.low * b.low + a.high * b.high */
static inline int64_t qmcu_smlald(uint32_t a, uint32_t b, int64_t sum)
{
    __asm("smlald %Q0, %R0, %1, %2" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

/* Four products. */
static inline int64_t qmcu_four_products_s16(const int16_t *a, const int8_t *b, int64_t sum)
{
    const uint32_t y = qmcu_load_word(b);
    const uint32_t even = qmcu_sxtb16(y), odd = qmcu_sxtb16_odd(y);
    sum = qmcu_smlald(qmcu_load_word(a), qmcu_pack_low(even, odd), sum);
    return qmcu_smlald(qmcu_load_word(a + 2), qmcu_pack_high(even, odd), sum);
}

static inline int64_t qmcu_dot_s16_dsp(int64_t sum, const int16_t *a, const int8_t *b,
                                       int32_t count)
{
    for (; count >= 8; count -= 8, a += 8, b += 8) {
        sum = qmcu_four_products_s16(a, b, sum);
        sum = qmcu_four_products_s16(a + 4, b + 4, sum);
    }
    if (count >= 4) {
        sum = qmcu_four_products_s16(a, b, sum);
        count -= 4;
        a += 4;
        b += 4;
    }
    for (; count > 0; --count) {
        sum += *a++ * *b++;
    }
    return sum;
}

#endif
