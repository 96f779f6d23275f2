/* Pools by vectors of channels: which taps of a window lie inside the image, and the loops around them. */
#ifndef QMCU_POOL_MVE_H
#define QMCU_POOL_MVE_H

#include "pool.h"
#include "pool_taps.h"
#include "uses_mve.h"

/* A window's taps that lie inside the image; all pools of an image have pixels of `depth` bytes. */
typedef struct {
    int32_t depth;
    int32_t row_bytes;
    int32_t rows, columns;
} qmcu_pool_taps_mve;

/* The pixels of a window, in assembly, for the compiler has too few registers for three loops: LOAD a
   vector of channels at %[from], then ADD it to what is there. */
/* clang-format off */
#define QMCU_POOL_PIXELS(LOAD, ADD)                \
    "mov %[row], %[image]\n\t"                     \
    "mov %[rows], %[height]\n"                     \
    QMCU_WHERE(POOL_BORDERS, "cbz %[rows], 5f\n")  \
    "2: mov %[from], %[row]\n\t"                   \
    "wls lr, %[columns], 4f\n"                     \
    "3: " LOAD "\n\t"                              \
    "add %[from], %[from], %[depth]\n\t"           \
    ADD "\n\t"                                     \
    "le lr, 3b\n"                                  \
    "4: add %[row], %[row], %[row_bytes]\n\t"      \
    "subs %[rows], %[rows], #1\n\t"                \
    "bne 2b\n"                                     \
    "5: "
/* clang-format on */

/* Calls `pool` for each window, with the first of its pixels. */
static inline __attribute__((always_inline)) void
qmcu_pool_mve_by(const qmcu_pool_params *p, const int8_t *input, int8_t *output, void *limits,
                 void (*pool)(void *limits, const qmcu_pool_taps_mve *window, const int8_t *image,
                              int8_t *output))
{
    const int32_t batches = QMCU_USES_POOL_BATCHES ? p->batches : 1;
    qmcu_pool_taps_mve window = {p->depth, p->input_width * p->depth, 0, 0};
    for (int32_t batch = 0; batch < batches; ++batch) {
        int32_t y = -p->padding_top, height = p->output_height;
        do {
            const qmcu_taps rows =
                qmcu_pool_taps_by(y, p->kernel_height, p->input_height, QMCU_USES_POOL_BORDERS);
            int32_t x = -p->padding_left, width = p->output_width;
            int32_t at = (y + rows.first) * window.row_bytes + x * p->depth;
            window.rows = qmcu_taps_count(rows);
            do {
                const qmcu_taps columns =
                    qmcu_pool_taps_by(x, p->kernel_width, p->input_width, QMCU_USES_POOL_BORDERS);
                window.columns = qmcu_taps_count(columns);
                pool(limits, &window, input + at + columns.first * p->depth, output);
                output += p->depth;
                x += p->stride_width;
                at += p->stride_width * p->depth;
            } while (--width > 0);
            y += p->stride_height;
        } while (--height > 0);
        input += p->input_height * window.row_bytes;
    }
}

#endif
