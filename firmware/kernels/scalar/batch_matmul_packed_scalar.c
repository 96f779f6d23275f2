/* batch_matmul for cores without the DSP extension, two vectors of one matrix times two of the other:
   four sums from two values of each. Packed values lie in words, their zero point taken off. */
#include "batch_matmul_packed_scalar.h"

#include "batch_matmul_packed_code.h"
#include "output_scalar.h"

/* Into every other word. */
static int32_t pack(const qmcu_batch_matmul_packed_params *p, const int8_t *vector, int32_t *words)
{
    const int32_t step = p->packed_step, zero_point = p->packed_zero_point;
    int32_t sum = 0;
    for (int32_t left = p->depth; left > 0; --left) {
        const int32_t value = *vector - zero_point;
        *words = value;
        sum += value;
        vector += step;
        words += 2;
    }
    return sum;
}

static inline __attribute__((always_inline)) void
four_by(const qmcu_batch_matmul_packed_params *p, int32_t step, const int8_t *first,
        const int8_t *second, const qmcu_packed_pair *pair, int8_t *output, int8_t *other)
{
    uint32_t s0 = (uint32_t)pair->offsets[0], s1 = (uint32_t)pair->offsets[1], s2 = s0, s3 = s1;
    const int32_t *words = pair->words;
    const int32_t *const end = pair->end;
    do {
        const int32_t x = *first, y = *second, a = words[0], b = words[1];
        first += step;
        second += step;
        s0 += (uint32_t)(x * a);
        s1 += (uint32_t)(x * b);
        s2 += (uint32_t)(y * a);
        s3 += (uint32_t)(y * b);
        words += 2;
    } while (words != end);
    const qmcu_output_limits limits = {p->output_zero_point, INT8_MIN, INT8_MAX};
    const int32_t multiplier = p->multiplier, shift = p->shift, beside = pair->beside;
    other[beside] = qmcu_scalar_output(s3, multiplier, shift, &limits);
    other[0] = qmcu_scalar_output(s2, multiplier, shift, &limits);
    output[beside] = qmcu_scalar_output(s1, multiplier, shift, &limits);
    output[0] = qmcu_scalar_output(s0, multiplier, shift, &limits);
}

static __attribute__((noinline)) void four_outputs(const qmcu_batch_matmul_packed_params *p,
                                                   const int8_t *first, const int8_t *second,
                                                   const qmcu_packed_pair *pair, int8_t *output,
                                                   int8_t *other)
{
    if (p->passing_step == 1) {
        four_by(p, 1, first, second, pair, output, other);
    } else {
        four_by(p, p->passing_step, first, second, pair, output, other);
    }
}

static void product(const qmcu_batch_matmul_packed_params *p, const int8_t *passing,
                    const int8_t *packed, void *scratch, int8_t *output)
{
    qmcu_matmul_by_twos(p, passing, packed, scratch, 2 * p->depth, output, pack, four_outputs);
}

void qmcu_batch_matmul_packed_scalar(const qmcu_batch_matmul_packed_scalar_params *params,
                                     const int8_t *passing, const int8_t *packed, void *scratch,
                                     int8_t *output)
{
    qmcu_batch_matmul_packed_by(params, passing, packed, scratch, output, product);
}
