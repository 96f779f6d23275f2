/* Sums of products for MVE, as accumulate.h and accumulate_s16.h have them. */
#ifndef QMCU_DOT_MVE_H
#define QMCU_DOT_MVE_H

#include <arm_mve.h>
#include <stdint.h>

static inline uint32_t qmcu_dot_mve(uint32_t sum, const int8_t *a, const int8_t *b, int32_t count)
{
    int32_t result = (int32_t)sum;
    for (; count >= 16; count -= 16, a += 16, b += 16) {
        result = vmladavaq_s8(result, vldrbq_s8(a), vldrbq_s8(b));
    }
    if (count > 0) {
        const mve_pred16_t live = vctp8q((uint32_t)count);
        result = vmladavaq_s8(result, vldrbq_z_s8(a, live), vldrbq_z_s8(b, live));
    }
    return (uint32_t)result;
}

static inline int64_t qmcu_dot_s16_mve(int64_t sum, const int16_t *a, const int8_t *b,
                                       int32_t count)
{
    for (; count >= 8; count -= 8, a += 8, b += 8) {
        sum = vmlaldavaq_s16(sum, vldrhq_s16(a), vldrbq_s16(b));
    }
    if (count > 0) {
        const mve_pred16_t live = vctp16q((uint32_t)count);
        sum = vmlaldavaq_s16(sum, vldrhq_z_s16(a, live), vldrbq_z_s16(b, live));
    }
    return sum;
}

#endif
