/* Softmax with exp from a table for MVE, four at a time: softmax_mve.c with exp gathered. */
#ifndef QMCU_SOFTMAX_TABLE_CODE_MVE_H
#define QMCU_SOFTMAX_TABLE_CODE_MVE_H

#include "mve.h"
#include "softmax_reciprocal.h"
#include "softmax_table.h"

typedef struct {
    int32_t largest;
    uint32_t entries; /* 0 where every probability is 0 */
    int32_t mantissa;
    int32_t exponent;
} qmcu_softmax_row_mve;

/* exp of up to four inputs, 0 of those that are not live and of those behind the table. */
static inline int32x4_t qmcu_softmax_gathered(const int8_t *input, const int32_t *table,
                                              int32_t largest, uint32_t entries, mve_pred16_t live)
{
    const int32x4_t negative = vsubq_n_s32(vldrbq_z_s32(input, live), largest);
    const uint32x4_t difference = vreinterpretq_u32_s32(vnegq_s32(negative));
    const mve_pred16_t known = vcmphiq_m_u32(vdupq_n_u32(entries), difference, live);
    return vldrwq_gather_shifted_offset_z_s32(table, difference, known);
}

static inline qmcu_softmax_row_mve qmcu_softmax_row_of(const qmcu_softmax_table_params *p,
                                                       const int8_t *input, const int32_t *table,
                                                       int32_t wide)
{
    const int32_t depth = p->depth;
    const uint32_t entries = (uint32_t)p->entries;
    int8_t largest = INT8_MIN;
    for (int32_t i = 0; i < depth; i += 16) {
        const mve_pred16_t live = vctp8q((uint32_t)(depth - i));
        largest = vmaxvq_p_s8(largest, vldrbq_z_s8(input + i, live), live);
    }
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < depth; i += 4) {
        const mve_pred16_t live = vctp32q((uint32_t)(depth - i));
        const int32x4_t e = qmcu_softmax_gathered(input + i, table, largest, entries, live);
        sum = vaddvaq_s32(sum, vrshrq_n_s32(e, 12));
    }
    const qmcu_softmax_reciprocal r = qmcu_softmax_reciprocal_of(sum);
    const int32_t exponent = wide ? r.exponent - 8 : r.exponent;
    const qmcu_softmax_row_mve result = {largest, exponent <= 31 ? entries : 0u, r.mantissa,
                                         exponent};
    return result;
}

/* The probabilities of up to four inputs; what is divided is not negative, so VRSHL rounds it as the
   interpreter does. */
static inline int32x4_t qmcu_softmax_four(const qmcu_softmax_row_mve *r, const int8_t *input,
                                          const int32_t *table, mve_pred16_t live, int32_t wide)
{
    const int32_t most = wide ? UINT16_MAX : UINT8_MAX, zero_point = wide ? INT16_MIN : INT8_MIN;
    const int32x4_t e = qmcu_softmax_gathered(input, table, r->largest, r->entries, live);
    const int32x4_t part = vrshlq_n_s32(vqrdmulhq_n_s32(e, r->mantissa), -r->exponent);
    return vaddq_n_s32(vminq_s32(part, vdupq_n_s32(most)), zero_point);
}

#endif
