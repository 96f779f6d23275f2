#include "copy_rows.h"

#include <string.h>

#define FEW 4   /* bytes that are copied by themselves */
#define MANY 48 /* from which the library's function takes less */

#if !defined(__ARM_ARCH_6M__) /* which has no unaligned words */
/* From four bytes on: the last word of each row may lie over the one before. */
static inline void copy_words(int8_t *to, int32_t to_step, const int8_t *from, int32_t from_step,
                              int32_t length, int32_t rows)
{
    for (; rows > 0; --rows, to += to_step, from += from_step) {
        int8_t *at = to;
        const int8_t *word = from;
        for (const int8_t *const last = from + length - 4; word < last; word += 4, at += 4) {
            memcpy(at, word, 4);
        }
        memcpy(to + length - 4, from + length - 4, 4);
    }
}
#endif

void qmcu_copy_rows(int8_t *to, int32_t to_step, const int8_t *from, int32_t from_step,
                    int32_t length, int32_t rows)
{
#if !defined(__ARM_ARCH_6M__)
    if (length >= FEW && length < MANY) {
        copy_words(to, to_step, from, from_step, length, rows);
        return;
    }
#endif
    for (; rows > 0; --rows, to += to_step, from += from_step) {
        if (length < FEW) {
            for (int32_t i = 0; i < length; ++i) {
                to[i] = from[i];
            }
        } else {
            memcpy(to, from, (size_t)length);
        }
    }
}
