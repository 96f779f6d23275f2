/* strided_copy by whole words. */
#include "small.h"

#include "strided_copy_dsp.h"

#include "dsp.h"
#include "strided_copy_code.h"

static inline void gather(int8_t *to, const int8_t *from, int32_t step, int32_t count)
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

void qmcu_strided_copy_dsp(const qmcu_strided_copy_dsp_params *params, const int8_t *input,
                           int8_t *output)
{
    qmcu_strided_copy_by(params, input, output, qmcu_copy_rows, gather);
}
