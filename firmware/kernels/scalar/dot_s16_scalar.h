/* Sums of products of int16 and int8 for cores without the DSP extension. */
#ifndef QMCU_DOT_S16_SCALAR_H
#define QMCU_DOT_S16_SCALAR_H

#include <stdint.h>

#if defined(__ARM_ARCH_6M__)

/* As qmcu_dot_s16: 256 products, of at most 2^22 each, keep to 32 bits. */
static inline int64_t qmcu_dot_s16_scalar(int64_t sum, const int16_t *a, const int8_t *b,
                                          int32_t count)
{
    while (count > 0) {
        const int32_t some = count < 256 ? count : 256;
        const int16_t *const end = a + some;
        int32_t part = 0;
        for (; end - a >= 4; a += 4, b += 4) {
            part += a[0] * b[0];
            part += a[1] * b[1];
            part += a[2] * b[2];
            part += a[3] * b[3];
        }
        while (a != end) {
            part += *a++ * *b++;
        }
        sum += part;
        count -= some;
    }
    return sum;
}

#else

/* As qmcu_dot_s16, eight products a round. */
static inline int64_t qmcu_dot_s16_scalar(int64_t sum, const int16_t *a, const int8_t *b,
                                          int32_t count)
{
    for (; count >= 8; count -= 8, a += 8, b += 8) {
        sum += (int64_t)a[0] * b[0];
        sum += (int64_t)a[1] * b[1];
        sum += (int64_t)a[2] * b[2];
        sum += (int64_t)a[3] * b[3];
        sum += (int64_t)a[4] * b[4];
        sum += (int64_t)a[5] * b[5];
        sum += (int64_t)a[6] * b[6];
        sum += (int64_t)a[7] * b[7];
    }
    for (; count > 0; --count) {
        sum += (int64_t)*a++ * *b++;
    }
    return sum;
}

#endif

#endif
