/* batch_matmul_s16 for the DSP extension: SMLALD on two values of k, two packed vectors at a time. */
#include "batch_matmul_s16_packed_dsp.h"

#include "batch_matmul_s16_packed_code.h"
#include "dot_dsp.h"
#include "dsp.h"

/* Into every other word; 0 above the last value of an odd depth. */
static void pack(const qmcu_batch_matmul_packed_params *p, const int16_t *vector, void *scratch,
                 int32_t place)
{
    const int32_t step = p->packed_step;
    uint32_t *words = (uint32_t *)scratch + place;
    int32_t left = p->depth;
    for (; left > 1; left -= 2, vector += 2 * step, words += 2) {
        *words = qmcu_pack_low((uint32_t)vector[0], (uint32_t)vector[step]);
    }
    if (left > 0) {
        *words = (uint16_t)*vector;
    }
}

static void sums_of(const qmcu_batch_matmul_packed_params *p, const int16_t *vector,
                    const void *scratch, int64_t *sums)
{
    const uint32_t *words = scratch;
    int64_t s0 = 0, s1 = 0;
    int32_t left = p->depth;
    for (; left > 2; left -= 4, vector += 4, words += 4) {
        const uint32_t x = qmcu_load_word(vector), y = qmcu_load_word(vector + 2);
        s0 = qmcu_smlald(x, words[0], s0);
        s1 = qmcu_smlald(x, words[1], s1);
        s0 = qmcu_smlald(y, words[2], s0);
        s1 = qmcu_smlald(y, words[3], s1);
    }
    if (left > 0) {
        const uint32_t x = qmcu_load_word(vector);
        s0 = qmcu_smlald(x, words[0], s0);
        s1 = qmcu_smlald(x, words[1], s1);
    }
    sums[0] = s0;
    sums[1] = s1;
}

void qmcu_batch_matmul_s16_packed_dsp(const qmcu_batch_matmul_s16_packed_dsp_params *params,
                                      const int16_t *passing, const int16_t *packed, void *scratch,
                                      int16_t *output)
{
    qmcu_batch_matmul_s16_packed_by(params, passing, packed, scratch, output, 2, pack, sums_of);
}
