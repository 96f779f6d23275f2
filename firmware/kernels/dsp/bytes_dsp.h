/* Runs of bytes for kernels that move them: the library's functions take less for many bytes, more for
   few. */
#ifndef QMCU_BYTES_DSP_H
#define QMCU_BYTES_DSP_H

#include "copy_dsp.h"

#include <string.h>

#define QMCU_MANY_BYTES 40

static inline void qmcu_copy_run(int8_t *to, const int8_t *from, int32_t count)
{
    if (count < QMCU_MANY_BYTES) {
        qmcu_copy_bytes(to, from, count);
    } else {
        memcpy(to, from, (size_t)count);
    }
}

static inline void qmcu_fill_run(int8_t *to, int32_t value, int32_t count)
{
    if (count < QMCU_MANY_BYTES) {
        qmcu_fill_bytes(to, value, count);
    } else {
        memset(to, value, (size_t)count);
    }
}

#endif
