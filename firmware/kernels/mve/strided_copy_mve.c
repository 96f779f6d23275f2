/* strided_copy for MVE: eight bytes a gather, whose offsets have 16 bits. */
#include "strided_copy_mve.h"

#include "copy_rows_mve.h"
#include "strided_copy_code.h"

static inline void gather(int8_t *to, const int8_t *from, int32_t step, int32_t count)
{
    const int32_t longest = UINT16_MAX / 7;
    if (step < 0 || step > longest || count < 4) {
        qmcu_gather_plain(to, from, step, count);
        return;
    }
    const uint16x8_t offsets = vmulq_n_u16(vidupq_n_u16(0, 1), (uint16_t)step);
    for (; count > 0; count -= 8, to += 8, from += 8 * step) {
        const mve_pred16_t live = vctp16q((uint32_t)count);
        vstrbq_p_s16(to, vldrbq_gather_offset_z_s16(from, offsets, live), live);
    }
}

void qmcu_strided_copy_mve(const qmcu_strided_copy_mve_params *params, const int8_t *input,
                           int8_t *output)
{
    qmcu_strided_copy_by(params, input, output, qmcu_mve_copy_rows, gather);
}
