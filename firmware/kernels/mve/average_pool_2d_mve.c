/* average_pool_2d for MVE: eight channels in halfword sums, which hold 255 bytes of -128.

   |mean| = floor((|sum| + n / 2) / n) = floor(2 m r / 2^(16 + s)) with m = |sum| + n / 2 <= 128.5 n,
   2^s <= n < 2^(s + 1) and r = ceil(2^(15 + s) / n) <= 2^15: the excess of r makes the quotient too
   large by m (n r - 2^(15 + s)) / (n 2^(15 + s)) < 257 n / (n 2^15), below 1 / n while n < 128. */
#include "small.h"

#include "average_pool_2d_mve.h"

#include "mve.h"
#include "pool_mve.h"

typedef struct {
    int16x8_t low, high;
    int32_t taps;
    int16x8_t half, reciprocal;
    int16x8_t shift; /* to the left */
} means;

static inline void set_taps(means *m, int32_t taps)
{
    const int32_t shift = 31 - __builtin_clz((uint32_t)taps);
    m->taps = taps;
    m->half = vdupq_n_s16((int16_t)(taps >> 1));
    m->shift = vdupq_n_s16((int16_t)-shift);
    m->reciprocal = vdupq_n_s16((int16_t)(((1 << (15 + shift)) + taps - 1) / taps));
}

static inline void pool(void *given, const qmcu_pool_taps_mve *window, const int8_t *image,
                        int8_t *output)
{
    means *const m = given;
    int32_t left = window->depth, rows;
    const int8_t *row, *from;
    int16x8_t sums;
    const int32_t taps = window->rows * window->columns;
    if (QMCU_USES_POOL_BORDERS && taps > 0 && taps != m->taps) {
        set_taps(m, taps);
    }
    /* clang-format off */
    __asm volatile(
        "1: vmov.i32 %q[sums], #0\n\t"
        QMCU_POOL_PIXELS("vldrb.s16 q0, [%[from]]", "vadd.i16 %q[sums], %q[sums], q0")
        "vabs.s16 q0, %q[sums]\n\t"
        "vadd.i16 q0, q0, %q[half]\n\t"
        "vshl.i16 q0, q0, #1\n\t"
        "vmulh.u16 q0, q0, %q[reciprocal]\n\t"
        "vshr.s16 %q[sums], %q[sums], #15\n\t"
        "vshl.u16 q0, q0, %q[shift]\n\t"
        "veor q0, q0, %q[sums]\n\t"
        "vsub.i16 q0, q0, %q[sums]\n\t"
        "vmax.s16 q0, q0, %q[low]\n\t"
        "vmin.s16 q0, q0, %q[high]\n\t"
        "vctp.16 %[left]\n\t"
        "vpst\n\t"
        "vstrbt.16 q0, [%[output]], #8\n\t"
        "add %[image], %[image], #8\n\t"
        "subs %[left], %[left], #8\n\t"
        "bgt 1b"
        : [image] "+&r"(image), [output] "+&l"(output), [left] "+&r"(left), [row] "=&r"(row),
          [from] "=&l"(from), [rows] "=&l"(rows), [sums] "=&w"(sums)
        : [height] "r"(window->rows), [columns] "r"(window->columns), [depth] "r"(window->depth),
          [row_bytes] "r"(window->row_bytes), [half] "w"(m->half), [low] "w"(m->low),
          [high] "w"(m->high), [reciprocal] "w"(m->reciprocal), [shift] "w"(m->shift)
        : "q0", "lr", "cc", "memory");
    /* clang-format on */
}

void qmcu_average_pool_2d_mve(const qmcu_average_pool_2d_mve_params *params, const int8_t *input,
                              int8_t *output)
{
    means m = {.low = vdupq_n_s16((int16_t)params->activation_minimum),
               .high = vdupq_n_s16((int16_t)params->activation_maximum)};
    set_taps(&m, params->kernel_height * params->kernel_width);
    qmcu_pool_mve_by(params, input, output, &m, pool);
}
