/* Elements that lie apart become words. */
#ifndef QMCU_STRIDED_COPY_CODE_DSP_H
#define QMCU_STRIDED_COPY_CODE_DSP_H

#include "dsp.h"
#include "strided_copy_code.h"

static inline void qmcu_gather_dsp(int8_t *to, const int8_t *from, int32_t step, int32_t count)
{
    for (; count >= 4; count -= 4, to += 4) {
        uint32_t word = *(const uint8_t *)from;
        from += step;
        word |= (uint32_t)*(const uint8_t *)from << 8;
        from += step;
        word |= (uint32_t)*(const uint8_t *)from << 16;
        from += step;
        word |= (uint32_t)*(const uint8_t *)from << 24;
        from += step;
        qmcu_store_word(to, word);
    }
    qmcu_gather_plain(to, from, step, count);
}

#endif
