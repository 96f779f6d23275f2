/* sigmoid_s16.h on four arguments at a time: the table's entries by gathers. */
#ifndef QMCU_SIGMOID_MVE_H
#define QMCU_SIGMOID_MVE_H

#include "sigmoid_s16.h"

#include <arm_mve.h>

enum { QMCU_SIGMOID_LAST = 254 }; /* the last step with an entry behind it */

static inline int32x4_t qmcu_sigmoid_argument_mve(const qmcu_sigmoid_s16_params *params,
                                                  int32x4_t input)
{
    const int32_t half = params->shift > 0 ? (int32_t)(1u << (params->shift - 1)) : 0;
    return vshlq_r_s32(vaddq_n_s32(vmulq_n_s32(input, params->multiplier), half), -params->shift);
}

static inline int32x4_t qmcu_logistic_mve(int32x4_t argument, const int16_t *table)
{
    const uint32x4_t size = vreinterpretq_u32_s32(vabsq_s32(argument));
    const uint32x4_t step = vshrq_n_u32(size, 9);
    const uint32x4_t place = vminq_u32(step, vdupq_n_u32(QMCU_SIGMOID_LAST));
    const int32x4_t first = vldrhq_gather_shifted_offset_s32(table, place);
    const int32x4_t rise = vsubq_s32(vldrhq_gather_shifted_offset_s32(table + 1, place), first);
    const int32x4_t part = vreinterpretq_s32_u32(vandq_u32(size, vdupq_n_u32(0x1ff)));
    int32x4_t result = vaddq_s32(vshlq_n_s32(vaddq_n_s32(first, 0x8000), 9), vmulq_s32(part, rise));
    result = vpselq_s32(vdupq_n_s32(0x7fff << 10), result, vcmphiq_n_u32(step, QMCU_SIGMOID_LAST));
    const int32x4_t negative = vsubq_s32(vdupq_n_s32((1 << 25) - 1), result);
    result = vpselq_s32(negative, result, vcmpltq_n_s32(argument, 0));
    return vshrq_n_s32(vaddq_n_s32(result, 1 << 9), 10);
}

static inline int32x4_t qmcu_tanh_mve(int32x4_t argument, const int16_t *table)
{
    const uint32x4_t size = vreinterpretq_u32_s32(vabsq_s32(argument));
    const uint32x4_t step = vshrq_n_u32(size, 8);
    const uint32x4_t place = vminq_u32(step, vdupq_n_u32(QMCU_SIGMOID_LAST));
    const int32x4_t first = vldrhq_gather_shifted_offset_s32(table, place);
    const int32x4_t rise = vsubq_s32(vldrhq_gather_shifted_offset_s32(table + 1, place), first);
    const int32x4_t part = vreinterpretq_s32_u32(vandq_u32(size, vdupq_n_u32(0xff)));
    int32x4_t result = vaddq_s32(vshlq_n_s32(first, 8), vmulq_s32(part, rise));
    result = vpselq_s32(vdupq_n_s32(0x7fff << 8), result, vcmphiq_n_u32(step, QMCU_SIGMOID_LAST));
    /* -result - 1 */
    result = vpselq_s32(vmvnq_s32(result), result, vcmpltq_n_s32(argument, 0));
    return vshrq_n_s32(vaddq_n_s32(result, 1 << 7), 8);
}

#endif
