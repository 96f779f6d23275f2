/* Two inputs of int16 with broadcasting, as pairs.h, four at a time in words. */
#ifndef QMCU_PAIRS_S16_MVE_H
#define QMCU_PAIRS_S16_MVE_H

#include "mve.h"
#include "walk.h"

/* What a loop keeps in registers of a multiplier and a shift. */
typedef struct {
    int32x4_t multiplier;
    int32x4_t left;
    int32x4_t right; /* 0 or less */
} qmcu_scaling_mve;

static inline qmcu_scaling_mve qmcu_scaling_of(int32_t multiplier, int32_t shift)
{
    return (qmcu_scaling_mve){vdupq_n_s32(multiplier), vdupq_n_s32(shift > 0 ? shift : 0),
                              vdupq_n_s32(shift > 0 ? 0 : shift)};
}

/* As qmcu_mve_requantize; left_too: the shift may be to the left. */
static inline int32x4_t qmcu_scaled_mve(int32x4_t sums, const qmcu_scaling_mve *s, int left_too)
{
    if (left_too) {
        sums = vshlq_s32(sums, s->left);
    }
    sums = vqrdmulhq_s32(sums, s->multiplier);
    return vrshlq_s32(vaddq_s32(sums, vshrq_n_s32(vandq_s32(sums, s->right), 31)), s->right);
}

/* As many values as are live, or where they are repeated the one four times. */
static inline int32x4_t qmcu_halfwords_at(const int16_t *values, int32_t step, mve_pred16_t live)
{
    return step ? vldrhq_z_s32(values, live) : vdupq_n_s32(*values);
}

/* Runs output = clamp(operation(a, b)) over the rows; the parameters hold shape, strides1, strides2
   and the limits. */
#define QMCU_PAIRS_OF_HALFWORDS(operation, p, input1, input2, output)                      \
    do {                                                                                   \
        const int32_t length = (p)->shape[QMCU_WALK_RANK - 1];                             \
        const int32_t step1 = (p)->strides1[QMCU_WALK_RANK - 1];                           \
        const int32_t step2 = (p)->strides2[QMCU_WALK_RANK - 1];                           \
        const int32x4_t minimum = vdupq_n_s32((p)->activation_minimum);                    \
        const int32x4_t maximum = vdupq_n_s32((p)->activation_maximum);                    \
        qmcu_walk walk = qmcu_walk_begin();                                                \
        do {                                                                               \
            const int16_t *a = (input1) + qmcu_walk_offset(&walk, (p)->strides1);          \
            const int16_t *b = (input2) + qmcu_walk_offset(&walk, (p)->strides2);          \
            int32_t left = length;                                                         \
            if (step1 * step2 != 0) {                                                      \
                for (; left >= 4; left -= 4, a += 4, b += 4, (output) += 4) {              \
                    const int32x4_t value = operation(vldrhq_s32(a), vldrhq_s32(b));       \
                    vstrhq_s32(output, vminq_s32(vmaxq_s32(value, minimum), maximum));     \
                }                                                                          \
            }                                                                              \
            for (; left > 0; left -= 4, a += 4 * step1, b += 4 * step2, (output) += 4) {   \
                const mve_pred16_t live = vctp32q((uint32_t)left);                         \
                const int32x4_t value = operation(qmcu_halfwords_at(a, step1, live),       \
                                                  qmcu_halfwords_at(b, step2, live));      \
                vstrhq_p_s32(output, vminq_s32(vmaxq_s32(value, minimum), maximum), live); \
            }                                                                              \
            /* The last round may have stored fewer than four. */                          \
            (output) += left;                                                              \
        } while (qmcu_walk_next(&walk, (p)->shape));                                       \
    } while (0)

#endif
