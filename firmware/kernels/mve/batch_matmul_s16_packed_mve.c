/* batch_matmul_s16 for MVE: eight values of k an instruction, four packed vectors at a time. */
#include "batch_matmul_s16_packed_mve.h"

#include "batch_matmul_s16_packed_code.h"

#include <arm_mve.h>

/* Halfwords from one packed vector to the next. */
static inline int32_t stride_of(const qmcu_batch_matmul_packed_params *p)
{
    return (p->depth + 7) / 8 * 8;
}

static void pack(const qmcu_batch_matmul_packed_params *p, const int16_t *vector, void *scratch,
                 int32_t place)
{
    const int32_t step = p->packed_step;
    int16_t *const to = (int16_t *)scratch + place * stride_of(p);
    for (int32_t k = 0; k < p->depth; ++k, vector += step) {
        to[k] = *vector;
    }
}

static void sums_of(const qmcu_batch_matmul_packed_params *p, const int16_t *vector,
                    const void *scratch, int64_t *sums)
{
    const int32_t depth = p->depth, stride = stride_of(p);
    const int16_t *packed = scratch;
    int64_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t k = 0; k < depth; k += 8) {
        /* 0 behind the end */
        const int16x8_t x = vldrhq_z_s16(vector + k, vctp16q((uint32_t)(depth - k)));
        s0 = vmlaldavaq_s16(s0, x, vldrhq_s16(packed));
        s1 = vmlaldavaq_s16(s1, x, vldrhq_s16(packed + stride));
        s2 = vmlaldavaq_s16(s2, x, vldrhq_s16(packed + 2 * stride));
        s3 = vmlaldavaq_s16(s3, x, vldrhq_s16(packed + 3 * stride));
        packed += 8;
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

void qmcu_batch_matmul_s16_packed_mve(const qmcu_batch_matmul_s16_packed_mve_params *params,
                                      const int16_t *passing, const int16_t *packed, void *scratch,
                                      int16_t *output)
{
    qmcu_batch_matmul_s16_packed_by(params, passing, packed, scratch, output, 4, pack, sums_of);
}
