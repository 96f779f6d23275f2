/* int4 weights: two in a byte, low nibble first, -8 to 7. */
#ifndef QMCU_UNPACK_INT4_H
#define QMCU_UNPACK_INT4_H

#include <stdint.h>

static inline int8_t qmcu_nibble(uint32_t nibble)
{
    return (int8_t)((int32_t)(nibble ^ 8u) - 8);
}

/* `count` values, from a whole byte on; returns the first byte behind them. */
static inline const uint8_t *qmcu_unpack_int4(const uint8_t *packed, int8_t *to, int32_t count)
{
    for (; count >= 2; count -= 2) {
        const uint32_t pair = *packed++;
        *to++ = qmcu_nibble(pair & 15u);
        *to++ = qmcu_nibble(pair >> 4);
    }
    if (count > 0) {
        *to = qmcu_nibble(*packed++ & 15u);
    }
    return packed;
}

#endif
