/* max_pool_2d for MVE, 16 channels at once. */
#include "small.h"

#include "max_pool_2d_mve.h"

#include "mve.h"
#include "pool_mve.h"

typedef struct {
    int8x16_t low, high;
} limits;

static inline void pool(void *given, const qmcu_pool_taps_mve *window, const int8_t *image,
                        int8_t *output)
{
    const limits *const l = given;
    int32_t left = window->depth, rows;
    const int8_t *row, *from;
    int8x16_t result;
    /* clang-format off */
    __asm volatile(
        "1: vmov %q[result], %q[low]\n\t"
        QMCU_POOL_PIXELS("vldrb.8 q0, [%[from]]", "vmax.s8 %q[result], %q[result], q0")
        "vmin.s8 %q[result], %q[result], %q[high]\n\t"
        QMCU_WHERE(POOL_LEFT,
            "vctp.8 %[left]\n\t"
            "vpst\n\t")
        "vstrb" QMCU_WHERE(POOL_LEFT, "t") ".8 %q[result], [%[output]], #16\n\t"
        QMCU_WHERE(POOL_VECTORS,
            "add %[image], %[image], #16\n\t"
            "subs %[left], %[left], #16\n\t"
            "bgt 1b")
        : [image] "+&r"(image), [output] "+&r"(output), [left] "+&r"(left), [row] "=&r"(row),
          [from] "=&r"(from), [rows] "=&l"(rows), [result] "=&w"(result)
        : [height] "r"(window->rows), [columns] "r"(window->columns), [depth] "r"(window->depth),
          [row_bytes] "r"(window->row_bytes), [low] "w"(l->low), [high] "w"(l->high)
        : "q0", "lr", "cc", "memory");
    /* clang-format on */
}

void qmcu_max_pool_2d_mve(const qmcu_max_pool_2d_mve_params *params, const int8_t *input,
                          int8_t *output)
{
    limits l = {vdupq_n_s8((int8_t)params->activation_minimum),
                vdupq_n_s8((int8_t)params->activation_maximum)};
    qmcu_pool_mve_by(params, input, output, &l, pool);
}
