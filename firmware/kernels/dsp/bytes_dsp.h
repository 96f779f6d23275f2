/* Runs of bytes for kernels that move them: of few bytes without a call of the library's functions, which
   take less for many. */
#ifndef QMCU_BYTES_DSP_H
#define QMCU_BYTES_DSP_H

#include "dsp.h"

#include <string.h>

#define QMCU_MANY_BYTES 8

static inline void qmcu_copy_run(int8_t *to, const int8_t *from, int32_t count)
{
    if (count >= QMCU_MANY_BYTES) {
        memcpy(to, from, (size_t)count);
        return;
    }
    if (count >= 4) {
        qmcu_store_word(to, qmcu_load_word(from));
        to += 4;
        from += 4;
        count -= 4;
    }
    for (; count > 0; --count) {
        *to++ = *from++;
    }
}

static inline void qmcu_fill_run(int8_t *to, int32_t value, int32_t count)
{
    if (count >= QMCU_MANY_BYTES) {
        memset(to, value, (size_t)count);
        return;
    }
    for (; count > 0; --count) {
        *to++ = (int8_t)value;
    }
}

#endif
