/* strided_copy of rows of two elements which lie beside each other from row to row. */
#include "small.h"

#include "strided_copy_pairs_dsp.h"

#include "strided_copy_code_dsp.h"

/* Two runs of bytes become pairs, four of each at a time: a shuffle of two groups of channels. */
static inline void columns(int8_t *to, int32_t length, const int8_t *from, int32_t step,
                           int32_t below, int32_t rows)
{
    for (; rows >= 4; rows -= 4, from += 4, to += 8) {
        const uint32_t a = qmcu_load_word(from), b = qmcu_load_word(from + step);
        const uint32_t even = qmcu_uxtb16(a) | qmcu_uxtb16(b) << 8;
        const uint32_t odd = qmcu_uxtb16_odd(a) | qmcu_uxtb16_odd(b) << 8;
        qmcu_store_word(to, qmcu_pack_low(even, odd));
        qmcu_store_word(to + 4, qmcu_pack_high(even, odd));
    }
    qmcu_copy_columns(to, length, from, step, below, rows);
}

void qmcu_strided_copy_pairs_dsp(const qmcu_strided_copy_pairs_dsp_params *params,
                                 const int8_t *input, int8_t *output)
{
    qmcu_strided_copy_by(params, input, output, qmcu_copy_rows, qmcu_gather_dsp, columns);
}
