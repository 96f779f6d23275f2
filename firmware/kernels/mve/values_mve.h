/* Elements less their zero point, eight at a time; where they are repeated, the one element eight times. */
#ifndef QMCU_VALUES_MVE_H
#define QMCU_VALUES_MVE_H

#include "mve.h"

static inline int16x8_t qmcu_values(const int8_t *from, int32_t step, int32_t zero_point)
{
    return step ? vsubq_n_s16(vldrbq_s16(from), (int16_t)zero_point)
                : vdupq_n_s16((int16_t)(*from - zero_point));
}

/* As many as are left. */
static inline int16x8_t qmcu_last_values(const int8_t *from, int32_t step, int32_t zero_point,
                                         mve_pred16_t live)
{
    return step ? vsubq_n_s16(vldrbq_z_s16(from, live), (int16_t)zero_point)
                : vdupq_n_s16((int16_t)(*from - zero_point));
}

#endif
