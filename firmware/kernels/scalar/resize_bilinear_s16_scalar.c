/* resize_bilinear_s16 in words, for cores that have no products of 64 bits. */
#include "resize_bilinear_s16_scalar.h"

#include "resize_bilinear_s16_code.h"

#if defined(__ARM_ARCH_7M__)
#define blend qmcu_blend_s64
#else
/* 1024 * above + down * difference without its last ten bits, which fits 32 bits, and these: where
   they are zero and the rest is negative, ties go down. */
static inline void blend(const int16_t *const corners[4], int32_t down, int32_t right,
                         int16_t *output, int32_t count)
{
    const int32_t left = 1024 - right;
    for (int32_t i = 0; i < count; ++i) {
        const int32_t above = corners[0][i] * left + corners[1][i] * right;
        const int32_t difference = corners[2][i] * left + corners[3][i] * right - above;
        const int32_t low = (difference & 1023) * down;
        const int32_t sum = above + (difference >> 10) * down + (low >> 10);
        const int32_t borrow = ((low & 1023) + (sum >> 31)) >> 10;
        output[i] = (int16_t)((sum + borrow + (1 << 9)) >> 10);
    }
}
#endif

void qmcu_resize_bilinear_s16_scalar(const qmcu_resize_bilinear_s16_scalar_params *params,
                                     const int16_t *input, int16_t *output)
{
    resize(params, input, output, blend);
}
