/* resize_bilinear_s16 for MVE: four channels at a time, as the portable kernel computes one, 23
   instructions. */
#include "resize_bilinear_s16_mve.h"

#include "mve.h"
#include "resize_bilinear_code.h"

QMCU_RESIZE_BILINEAR(resize, int16_t)

/* q0 above and then the sum, q1 the difference, q2 what is below its last ten bits. */
static inline void blend(const int16_t *const corners[4], int32_t down, int32_t right,
                         int16_t *output, int32_t count)
{
    const int16_t *a = corners[0], *b = corners[1], *c = corners[2], *d = corners[3];
    const int32x4_t mask = vdupq_n_s32(1023);
    __asm volatile("wlstp.32 lr, %[count], 2f\n"
                   "1: vldrh.s32 q0, [%[a]], #8\n\t"
                   "vmul.i32 q0, q0, %[left]\n\t"
                   "vldrh.s32 q1, [%[b]], #8\n\t"
                   "vmla.s32 q0, q1, %[right]\n\t"
                   "vldrh.s32 q1, [%[c]], #8\n\t"
                   "vmul.i32 q1, q1, %[left]\n\t"
                   "vldrh.s32 q2, [%[d]], #8\n\t"
                   "vmla.s32 q1, q2, %[right]\n\t"
                   "vsub.i32 q1, q1, q0\n\t"
                   "vand q2, q1, %q[mask]\n\t"
                   "vmul.i32 q2, q2, %[down]\n\t"
                   "vshr.s32 q1, q1, #10\n\t"
                   "vmla.s32 q0, q1, %[down]\n\t"
                   "vshr.s32 q1, q2, #10\n\t"
                   "vadd.i32 q0, q0, q1\n\t"
                   /* -1 where nothing remains and the sum is below zero */
                   "vand q2, q2, %q[mask]\n\t"
                   "vadd.i32 q2, q2, %[minus]\n\t"
                   "vand q2, q2, q0\n\t"
                   "vshr.s32 q2, q2, #31\n\t"
                   "vadd.i32 q0, q0, q2\n\t"
                   "vrshr.s32 q0, q0, #10\n\t"
                   "vstrh.32 q0, [%[output]], #8\n\t"
                   "letp lr, 1b\n"
                   "2:"
                   : [a] "+l"(a), [b] "+l"(b), [c] "+l"(c), [d] "+l"(d), [output] "+l"(output)
                   : [count] "r"(count), [left] "r"(1024 - right), [right] "r"(right),
                     [down] "r"(down), [minus] "r"(-1), [mask] "w"(mask)
                   : "q0", "q1", "q2", "lr", "memory");
}

void qmcu_resize_bilinear_s16_mve(const qmcu_resize_bilinear_s16_mve_params *params,
                                  const int16_t *input, int16_t *output)
{
    resize(params, input, output, blend);
}
