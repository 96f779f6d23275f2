/* batch_matmul_s16 for cores without the DSP extension, two packed vectors at a time. */
#include "batch_matmul_s16_packed_scalar.h"

#include "batch_matmul_s16_packed_code.h"

/* Into every other word. */
static void pack(const qmcu_batch_matmul_packed_params *p, const int16_t *vector, void *scratch,
                 int32_t place)
{
    const int32_t step = p->packed_step;
    int32_t *words = (int32_t *)scratch + place;
    for (int32_t left = p->depth; left > 0; --left, vector += step, words += 2) {
        *words = *vector;
    }
}

static void sums_of(const qmcu_batch_matmul_packed_params *p, const int16_t *vector,
                    const void *scratch, int64_t *sums)
{
    const int32_t step = p->passing_step;
    const int32_t *words = scratch;
    const int32_t *const end = words + 2 * p->depth;
    int64_t s0 = 0, s1 = 0;
    for (; words != end; words += 2, vector += step) {
        const int32_t x = *vector;
#if defined(__ARM_ARCH_6M__)
        /* Which multiplies 32 by 32 bits to 32, as much as a product has. */
        s0 += x * words[0];
        s1 += x * words[1];
#else
        s0 += (int64_t)x * words[0];
        s1 += (int64_t)x * words[1];
#endif
    }
    sums[0] = s0;
    sums[1] = s1;
}

void qmcu_batch_matmul_s16_packed_scalar(const qmcu_batch_matmul_s16_packed_scalar_params *params,
                                         const int16_t *passing, const int16_t *packed,
                                         void *scratch, int16_t *output)
{
    qmcu_batch_matmul_s16_packed_by(params, passing, packed, scratch, output, 2, pack, sums_of);
}
