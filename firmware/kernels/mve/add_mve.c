/* Addition for MVE: four elements at a time. In assembly, for loops whose last round is predicated by
   itself. */
#include "add_mve.h"

#include "mve.h"
#include "uses_mve.h"

/* VRSHL rounds ties up: one less for negative products rounds them away from zero. */
#define AWAY(VALUE) "vshr.s32 q2, " VALUE ", #31\n\tvadd.i32 " VALUE ", " VALUE ", q2\n\t"
/* Where the least output is the zero point or above, negative sums end there however they round. */
#define NOTHING(VALUE) ""

#define ADD(ROUND)                                                                             \
    __asm volatile(                                                                            \
        "wlstp.32 lr, %[size], 2f\n"                                                           \
        "1: vldrb.s32 q1, [%[other]], #4\n\t"                                                  \
        "vmlas.s32 q1, %q[other_unit], %[other_offset]\n\t"                                    \
        "vqrdmulh.s32 q1, q1, %[multiplier]\n\t" AWAY(                                         \
            "q1") "vrshl.s32 q1, %[shift]\n\t"                                                 \
                  "vldrb.s32 q0, [%[wider]], #4\n\t"                                           \
                  "vmlas.s32 q0, %q[unit], %[offset]\n\t"                                      \
                  "vadd.i32 q0, q0, q1\n\t"                                                    \
                  "vqrdmulh.s32 q0, q0, %[last_multiplier]\n\t" ROUND(                         \
                      "q0") "vrshl.s32 q0, %[last_shift]\n\t"                                  \
                            "vadd.i32 q0, q0, %[zero_point]\n\t"                               \
                            "vmax.s32 q0, q0, %q[minimum]\n\t"                                 \
                            "vmin.s32 q0, q0, %q[maximum]\n\t"                                 \
                            "vstrb.32 q0, [%[output]], #4\n\t"                                 \
                            "letp lr, 1b\n"                                                    \
                            "2:"                                                               \
        : [wider] "+l"(wider), [other] "+l"(other), [output] "+l"(output)                      \
        : [size] "r"(p->size), [other_unit] "w"(other_unit), [other_offset] "r"(other_offset), \
          [multiplier] "r"(p->multiplier), [shift] "r"(p->shift), [unit] "w"(unit),            \
          [offset] "r"(p->offset), [last_multiplier] "r"(p->output_multiplier),                \
          [last_shift] "r"(p->output_shift), [zero_point] "r"(p->output_zero_point),           \
          [minimum] "w"(minimum), [maximum] "w"(maximum)                                       \
        : "q0", "q1", "q2", "lr", "memory")

void qmcu_add_mve(const qmcu_add_mve_params *p, const int8_t *wider, const int8_t *other,
                  int8_t *output)
{
    const int32x4_t unit = vdupq_n_s32(1 << 19), other_unit = vdupq_n_s32(1 << p->left_shift);
    const int32x4_t minimum = vdupq_n_s32(p->activation_minimum);
    const int32x4_t maximum = vdupq_n_s32(p->activation_maximum);
    const int32_t other_offset = -(p->zero_point * (1 << p->left_shift));

    const int32_t relu = p->activation_minimum >= p->output_zero_point;
    if (QMCU_USES_ADD_RELU && (!QMCU_USES_ADD_AWAY || relu)) {
        ADD(NOTHING);
    } else {
        ADD(AWAY);
    }
}
