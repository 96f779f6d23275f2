/* batch_matmul for MVE: four vectors of one matrix, packed side by side along k, times one of the other,
   16 products an instruction. Both zero points come off the sums:
   sum of (a - za) * (b - zb) = sum of a * b - zb * sum of a - za * (sum of b - zb * depth). */
#include "batch_matmul_packed_mve.h"

#include "batch_matmul_packed_code.h"
#include "mve.h"

#define PACKED 4

/* Gives the sum of b - zb. */
static int32_t pack(const qmcu_batch_matmul_packed_params *p, const int8_t *vector, int8_t *to)
{
    const int32_t step = p->packed_step, depth = p->depth;
    if (step == 1) {
        qmcu_mve_copy(to, vector, depth);
    } else {
        for (int32_t k = 0; k < depth; ++k, vector += step) {
            to[k] = *vector;
        }
    }
    int32_t sum = -depth * p->packed_zero_point;
    for (int32_t k = 0; k < depth; k += 16) {
        sum = vaddvaq_s8(sum, vldrbq_z_s8(to + k, vctp8q((uint32_t)(depth - k))));
    }
    return sum;
}

/* What four packed vectors share. */
typedef struct {
    const int8_t *vectors;
    int32_t stride; /* from one to the next, in bytes */
    int32x4_t offset;
    uint32x4_t places; /* of their outputs */
    mve_pred16_t live;
} packed_four;

static inline int32x4_t requantized(int32x4_t sums, int32_t multiplier, int32_t shift)
{
    if (shift >= 0) {
        return vqrdmulhq_n_s32(vshlq_r_s32(sums, shift), multiplier);
    }
    return vrshlq_n_s32(qmcu_mve_away(vqrdmulhq_n_s32(sums, multiplier)), shift);
}

/* All passing vectors with the four. */
static void pass(const qmcu_batch_matmul_packed_params *p, const int8_t *passing,
                 const packed_four *four, int8_t *output)
{
    const int32_t depth = p->depth, stride = four->stride, zero_point = p->packed_zero_point;
    const int32_t multiplier = p->multiplier, shift = p->shift, last = p->output_zero_point;
    const int32_t step = p->passing_vector_step, to = p->passing_output_step;
    const int8_t *const p0 = four->vectors, *const p1 = p0 + stride;
    const int8_t *const p2 = p1 + stride, *const p3 = p2 + stride;
    const int32x4_t offset = four->offset;
    const uint32x4_t places = four->places;
    const mve_pred16_t live = four->live;
    for (int32_t row = p->passing; row > 0; --row, passing += step, output += to) {
        int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, all = 0;
        for (int32_t k = 0; k < depth; k += 16) {
            /* 0 behind the end */
            const int8x16_t x = vldrbq_z_s8(passing + k, vctp8q((uint32_t)(depth - k)));
            s0 = vmladavaq_s8(s0, x, vldrbq_s8(p0 + k));
            s1 = vmladavaq_s8(s1, x, vldrbq_s8(p1 + k));
            s2 = vmladavaq_s8(s2, x, vldrbq_s8(p2 + k));
            s3 = vmladavaq_s8(s3, x, vldrbq_s8(p3 + k));
            all = vaddvaq_s8(all, x);
        }
        const int32x4_t begin = vsubq_n_s32(offset, all * zero_point);
        const int32x4_t sums = vaddq_s32(begin, qmcu_mve_four(s0, s1, s2, s3));
        const int32x4_t value = requantized(sums, multiplier, shift);
        vstrbq_scatter_offset_p_s32(output, places, qmcu_mve_clamp(value, last, INT8_MIN, INT8_MAX),
                                    live);
    }
}

static void product(const qmcu_batch_matmul_packed_params *p, const int8_t *passing,
                    const int8_t *packed, void *scratch, int8_t *output)
{
    int8_t *const vectors = scratch;
    packed_four four = {vectors, (p->depth + 15) / 16 * 16, vdupq_n_s32(0),
                        vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)p->packed_output_step), 0};
    for (int32_t left = p->packed; left > 0; left -= PACKED) {
        int32_t offsets[PACKED] = {0, 0, 0, 0};
        for (int32_t i = 0; i < PACKED && i < left; ++i, packed += p->packed_vector_step) {
            offsets[i] = -p->passing_zero_point * pack(p, packed, vectors + i * four.stride);
        }
        four.offset = vldrwq_s32(offsets);
        four.live = vctp32q((uint32_t)left);
        pass(p, passing, &four, output);
        output += PACKED * p->packed_output_step;
    }
}

void qmcu_batch_matmul_packed_mve(const qmcu_batch_matmul_packed_mve_params *params,
                                  const int8_t *passing, const int8_t *packed, void *scratch,
                                  int8_t *output)
{
    qmcu_batch_matmul_packed_by(params, passing, packed, scratch, output, product);
}
