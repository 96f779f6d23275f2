/* conv_2d_groups_s16_quads_code.h says what it computes. */
#include "conv_2d_groups_s16_quads_mve.h"

#include "mve.h"
#include "conv_2d_groups_s16_quads_code.h"
#include "quads_s16_mve.h"

/* Up to 14 bytes behind the last tap change. In assembly, for the compiler moves predicates to and
   fro. */
static inline void copy_taps(int16_t *to, const int16_t *from, int32_t depth, int32_t step,
                             int32_t taps)
{
    if (depth <= 8) {
        __asm volatile(
            "vctp.16 %[depth]\n\t"
            "wls lr, %[taps], 2f\n"
            "1: vpst\n\t"
            "vldrht.u16 q0, [%[from]]\n\t"
            "vstrh.16 q0, [%[to]]\n\t"
            "add %[from], %[from], %[step]\n\t"
            "add %[to], %[to], %[bytes]\n\t"
            "le lr, 1b\n"
            "2:"
            : [to] "+r"(to), [from] "+r"(from)
            : [depth] "r"(depth), [bytes] "r"(2 * depth), [step] "r"(2 * step), [taps] "r"(taps)
            : "q0", "lr", "memory");
        return;
    }
    for (; taps > 0; --taps, to += depth, from += step) {
        qmcu_mve_copy((int8_t *)to, (const int8_t *)from, 2 * depth);
    }
}

static inline void one(const qmcu_quads_s16 *quads, __attribute__((unused)) int32_t step,
                       const int16_t *column, const int16_t *other, const int8_t *weights,
                       const int32_t *bias, const int32_t *multipliers, int16_t *output)
{
    qmcu_quads_s16_mve(quads, column, other, weights, bias, multipliers, output);
}

void qmcu_conv_2d_groups_s16_quads_mve(const qmcu_conv_2d_groups_s16_quads_mve_params *params,
                                       const int16_t *input, const int8_t *weights,
                                       const int32_t *bias, const int32_t *multipliers,
                                       void *scratch, int16_t *output)
{
    qmcu_conv_2d_groups_s16_quads_by(params, input, weights, bias, multipliers, scratch, output,
                                     one, copy_taps, 1, 1);
}
