/* The bytes of four windows as pixels_scalar.h has them packed. */
#ifndef QMCU_PACK_SCALAR_H
#define QMCU_PACK_SCALAR_H

#include <stdint.h>

/* Packs four runs of bytes; behind the words. */
static inline uint32_t *qmcu_pack_scalar(const int8_t *const windows[4], int32_t from,
                                         int32_t count, uint32_t *words)
{
    const int8_t *a = windows[0] + from, *b = windows[1] + from;
    const int8_t *c = windows[2] + from, *d = windows[3] + from;
    for (const int8_t *const end = a + count; a != end; words += 2) {
        words[0] = (uint32_t)*a++ + ((uint32_t)*b++ << 16);
        words[1] = (uint32_t)*c++ + ((uint32_t)*d++ << 16);
    }
    return words;
}

#endif
