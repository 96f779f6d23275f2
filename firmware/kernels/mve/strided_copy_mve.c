/* strided_copy for MVE: eight bytes a gather, whose offsets have 16 bits. */
#include "strided_copy_mve.h"

#include "copy_rows_mve.h"
#include "strided_copy_code.h"
#include "uses_mve.h"

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

/* Runs of bytes become rows, 16 of each at a time: a shuffle of two or three groups of channels. */
static inline void columns(int8_t *to, int32_t length, const int8_t *from, int32_t step,
                           int32_t below, int32_t rows)
{
    if (!QMCU_USES_SHORT_ROWS) {
        __builtin_unreachable();
    }
    if (below != 1) {
        qmcu_copy_columns(to, length, from, step, below, rows);
        return;
    }
    const uint8x16_t places = vmulq_n_u8(vidupq_n_u8(0, 1), (uint8_t)length);
    for (int32_t i = 0; i < length; ++i, from += step) {
        const int8_t *run = from;
        int8_t *column = to + i;
        __asm volatile("dlstp.8 lr, %[rows]\n"
                       "1: vldrb.8 q0, [%[run]], #16\n\t"
                       "vstrb.8 q0, [%[column], %q[places]]\n\t"
                       "add %[column], %[column], %[vector]\n\t"
                       "letp lr, 1b"
                       : [run] "+&r"(run), [column] "+&r"(column)
                       : [rows] "r"(rows), [vector] "r"(16 * length), [places] "w"(places)
                       : "q0", "lr", "memory");
    }
}

void qmcu_strided_copy_mve(const qmcu_strided_copy_mve_params *params, const int8_t *input,
                           int8_t *output)
{
    qmcu_strided_copy_by(params, input, output, qmcu_mve_copy_rows, gather, columns);
}
