/* Requantization of int32 to int32, by one high product where that is proved for the values. */
#ifndef QMCU_SCALE_DSP_H
#define QMCU_SCALE_DSP_H

#include "dsp.h"
#include "requantize.h"

/* left is 1 more than the shift to the left that comes first, right 1 more than the shift to the
   right that comes last, rounding 2^(right - 1). Where right is 0 nothing is proved, and rounding is
   the shift of the general form. */
typedef struct {
    int32_t multiplier;
    int32_t left;
    int32_t rounding;
    int32_t right;
} qmcu_scale;

/* Of any value, out of line. To the right, with h the doubling high product: (h - (h < 0)) / 2^(r - 1)
   + 1, halved, is h / 2^r with ties away from zero; only the least h saturates, which is a multiple. */
static __attribute__((noinline)) int32_t qmcu_scaled_any(int32_t value, const qmcu_scale *scale)
{
    if (scale->rounding >= 0) {
        return qmcu_requantize(value, scale->multiplier, scale->rounding);
    }
    const int32_t h = qmcu_doubling_high_multiply(value, scale->multiplier);
    return ((qmcu_saturating_add(h, h >> 31) >> (-scale->rounding - 1)) + 1) >> 1;
}

/* Equal to qmcu_requantize: with h the high product, floor((2 h + 2^r - (value < 0)) / 2^(r + 1)) is
   h / 2^r with ties away from zero; and h where r is 0. */
static inline int32_t qmcu_scaled(int32_t value, const qmcu_scale *scale)
{
    if (scale->right == 0) {
        return qmcu_scaled_any(value, scale);
    }
    const int32_t h = qmcu_smmulr((int32_t)((uint32_t)value << scale->left), scale->multiplier);
    return (2 * h + scale->rounding + (value >> 31)) >> scale->right;
}

#endif
