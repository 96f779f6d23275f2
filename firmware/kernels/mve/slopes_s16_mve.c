/* Values of int16 times a number of their sign, four at a time: both products, one of them kept, 16
   instructions. In assembly, for the compiler keeps predicates in memory. */
#include "slopes_s16_mve.h"

#include "mve.h"

void qmcu_slopes_s16_mve(const qmcu_slopes_s16_mve_params *params, const int16_t *input,
                         int16_t *output)
{
    const int32_t up = params->positive_shift, down = params->negative_shift;
    /* Ties away from zero, as qmcu_mve_away, where something is divided. */
    const int32_t away = down < 0 ? -1 : 0;
    const int32x4_t maximum = vdupq_n_s32(params->maximum), minimum = vdupq_n_s32(INT16_MIN);
    __asm volatile(
        "wlstp.32 lr, %[size], 2f\n"
        "1: vldrh.s32 q0, [%[input]], #8\n\t"
        "vmov q1, q0\n\t"
        "vmov q2, q0\n\t"
        "vshl.s32 q1, %[left]\n\t"
        "vqrdmulh.s32 q1, q1, %[multiplier]\n\t"
        "vrshl.s32 q1, %[right]\n\t"
        "vmin.s32 q1, q1, %q[maximum]\n\t"
        "vshl.s32 q2, %[down_left]\n\t"
        "vqrdmulh.s32 q2, q2, %[down_multiplier]\n\t"
        "vadd.i32 q2, q2, %[away]\n\t"
        "vrshl.s32 q2, %[down_right]\n\t"
        "vmax.s32 q2, q2, %q[minimum]\n\t"
        "vcmp.s32 lt, q0, zr\n\t"
        "vpsel q0, q2, q1\n\t"
        "vstrh.32 q0, [%[output]], #8\n\t"
        "letp lr, 1b\n"
        "2:"
        : [input] "+l"(input), [output] "+l"(output)
        : [size] "r"(params->size), [left] "r"(up > 0 ? up : 0), [right] "r"(up > 0 ? 0 : up),
          [multiplier] "r"(params->positive_multiplier), [down_left] "r"(down > 0 ? down : 0),
          [down_right] "r"(down > 0 ? 0 : down), [down_multiplier] "r"(params->negative_multiplier),
          [away] "r"(away), [maximum] "w"(maximum), [minimum] "w"(minimum)
        : "q0", "q1", "q2", "lr", "cc", "memory");
}
