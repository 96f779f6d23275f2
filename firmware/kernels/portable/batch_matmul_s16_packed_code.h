/* Matrix products of int16 with some vectors of one side packed in scratch: sums of 64 bits, scaled as
   batch_matmul_s16.c says. */
#ifndef QMCU_BATCH_MATMUL_S16_PACKED_CODE_H
#define QMCU_BATCH_MATMUL_S16_PACKED_CODE_H

#include "accumulate_s16.h"
#include "batch_matmul_packed.h"

/* Packs the vector of a place among those that are packed together. */
typedef void qmcu_pack_s16(const qmcu_batch_matmul_packed_params *p, const int16_t *vector,
                           void *scratch, int32_t place);

/* The sums of one passing vector with all that are packed. */
typedef void qmcu_sums_s16(const qmcu_batch_matmul_packed_params *p, const int16_t *vector,
                           const void *scratch, int64_t *sums);

#define QMCU_MOST_PACKED 4

/* qmcu_requantize_s64, `right` 15 - shift, `rounding` 2^(right - 1). */
static inline int32_t qmcu_scaled_s64(int64_t sum, uint32_t multiplier, uint64_t rounding,
                                      int32_t right)
{
#if defined(__ARM_ARCH_6M__)
    const uint64_t low = (uint64_t)sum * multiplier + rounding;
    const uint32_t high = (uint32_t)(low >> 32);
#else
    const uint64_t low = (uint64_t)(uint32_t)sum * multiplier + rounding;
    const uint32_t high = (uint32_t)(low >> 32) + (uint32_t)(sum >> 32) * multiplier;
#endif
    if (right >= 32) {
        return (int32_t)high >> (right - 32);
    }
    return (int32_t)((uint32_t)low >> right | high << (32 - right));
}

static inline int16_t qmcu_saturated_s16(int32_t value)
{
#if defined(__ARM_FEATURE_SAT)
    int32_t result;
    __asm("ssat %0, #16, %1" : "=r"(result) : "r"(value));
    return (int16_t)result;
#else
    return qmcu_clamp_s16(value, INT16_MIN, INT16_MAX);
#endif
}

static inline __attribute__((always_inline)) void
qmcu_product_s16(const qmcu_batch_matmul_packed_params *p, const int16_t *passing,
                 const int16_t *packed, void *scratch, int16_t *output, int32_t together,
                 qmcu_pack_s16 *pack, qmcu_sums_s16 *sums_of)
{
    const uint32_t multiplier = (uint32_t)p->multiplier;
    const int32_t right = 15 - p->shift, beside = p->packed_output_step;
    const uint64_t rounding = (uint64_t)1 << (right - 1);
    for (int32_t left = p->packed; left > 0; left -= together) {
        const int32_t count = left < together ? left : together;
        for (int32_t i = 0; i < count; ++i, packed += p->packed_vector_step) {
            pack(p, packed, scratch, i);
        }
        const int16_t *vector = passing;
        int16_t *to = output;
        for (int32_t row = p->passing; row > 0; --row) {
            int64_t sums[QMCU_MOST_PACKED];
            sums_of(p, vector, scratch, sums);
#pragma GCC unroll 4
            for (int32_t i = 0; i < together; ++i) {
                if (i < count) {
                    const int32_t value = qmcu_scaled_s64(sums[i], multiplier, rounding, right);
                    to[i * beside] = qmcu_saturated_s16(value);
                }
            }
            vector += p->passing_vector_step;
            to += p->passing_output_step;
        }
        output += together * beside;
    }
}

static inline __attribute__((always_inline)) void
qmcu_batch_matmul_s16_packed_by(const qmcu_batch_matmul_packed_params *p, const int16_t *passing,
                                const int16_t *packed, void *scratch, int16_t *output,
                                int32_t together, qmcu_pack_s16 *pack, qmcu_sums_s16 *sums_of)
{
    const int32_t *const a = p->passing_batch_steps;
    const int32_t *const b = p->packed_batch_steps;
    const int32_t *const n = p->batches;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                qmcu_product_s16(p, passing + i * a[0] + j * a[1] + k * a[2],
                                 packed + i * b[0] + j * b[1] + k * b[2], scratch, output, together,
                                 pack, sums_of);
                output += p->passing * p->packed;
            }
        }
    }
}

#endif
