/* batch_matmul for the DSP extension, two vectors of one matrix times two of the other: four sums from
   two words of each. Vectors are packed as halfwords with their zero point taken off, so that the other
   side's comes off once for all, times the packed vector's sum:
   sum of (a - za) * (b - zb) = sum of a * (b - zb) - za * sum of (b - zb). */
#include "batch_matmul_packed_dsp.h"

#include "batch_matmul_packed_code.h"
#include "dsp.h"

/* A value of k of a packed vector, 0 behind its end. */
static inline uint32_t value_of(const int8_t *vector, int32_t step, int32_t k, int32_t depth,
                                int32_t zero_point)
{
    return k < depth ? (uint32_t)(vector[k * step] - zero_point) : 0u;
}

/* Packs a vector: words 0 and 2 of each four are its values (0, 2) and (1, 3). Gives its sum. */
static int32_t pack(const qmcu_batch_matmul_packed_params *p, const int8_t *vector, int32_t *words)
{
    const int32_t step = p->packed_step, depth = p->depth, zero = p->packed_zero_point;
    int32_t sum = 0, k = 0;
    for (; k + 4 <= depth; k += 4, vector += 4 * step, words += 4) {
        const uint32_t even =
            qmcu_pack_low((uint32_t)(vector[0] - zero), (uint32_t)(vector[2 * step] - zero));
        const uint32_t odd =
            qmcu_pack_low((uint32_t)(vector[step] - zero), (uint32_t)(vector[3 * step] - zero));
        words[0] = (int32_t)even;
        words[2] = (int32_t)odd;
        sum = qmcu_smlad(even, 0x10001u, qmcu_smlad(odd, 0x10001u, sum));
    }
    if (k < depth) {
        const uint32_t even = qmcu_pack_low(value_of(vector, step, 0, depth - k, zero),
                                            value_of(vector, step, 2, depth - k, zero));
        const uint32_t odd = value_of(vector, step, 1, depth - k, zero) & 0xffffu;
        words[0] = (int32_t)even;
        words[2] = (int32_t)odd;
        sum = qmcu_smlad(even, 0x10001u, qmcu_smlad(odd, 0x10001u, sum));
    }
    return sum;
}

/* As mul_dsp.c has it: twice the high product leaves room for the sign, which turns ties away from zero. */
static inline int8_t output_of(int32_t sum, int32_t left, int32_t multiplier, int32_t rounding,
                               int32_t shift)
{
    const int32_t shifted = (int32_t)((uint32_t)sum << left);
    const int32_t high = qmcu_smmulr(shifted, multiplier);
    return (int8_t)qmcu_saturate_s8((2 * high + rounding + (shifted >> 31)) >> shift);
}

/* Two passing vectors times the pair: 18 instructions for 16 products. In assembly, because the compiler keeps half
   of the thirteen registers on the stack. */
static __attribute__((noinline)) void four_outputs(const qmcu_batch_matmul_packed_params *p,
                                                   const int8_t *first, const int8_t *second,
                                                   const qmcu_packed_pair *pair, int8_t *output,
                                                   int8_t *other)
{
    const int32_t *words = pair->words;
    int32_t s0 = pair->offsets[0], s1 = pair->offsets[1], s2 = s0, s3 = s1;
    uint32_t x, y, t, w0, w1;
    __asm volatile("1: ldr %[x], [%[first]], #4\n\t"
                   "ldrd %[w0], %[w1], [%[words]], #8\n\t"
                   "ldr %[y], [%[second]], #4\n\t"
                   "sxtb16 %[t], %[x]\n\t"
                   "smlad %[s0], %[t], %[w0], %[s0]\n\t"
                   "smlad %[s1], %[t], %[w1], %[s1]\n\t"
                   "sxtb16 %[t], %[y]\n\t"
                   "smlad %[s2], %[t], %[w0], %[s2]\n\t"
                   "smlad %[s3], %[t], %[w1], %[s3]\n\t"
                   "ldrd %[w0], %[w1], [%[words]], #8\n\t"
                   "sxtb16 %[x], %[x], ror #8\n\t"
                   "sxtb16 %[y], %[y], ror #8\n\t"
                   "smlad %[s0], %[x], %[w0], %[s0]\n\t"
                   "smlad %[s1], %[x], %[w1], %[s1]\n\t"
                   "smlad %[s2], %[y], %[w0], %[s2]\n\t"
                   "smlad %[s3], %[y], %[w1], %[s3]\n\t"
                   "cmp %[words], %[end]\n\t"
                   "bne 1b"
                   : [first] "+r"(first), [second] "+r"(second), [words] "+r"(words), [s0] "+r"(s0),
                     [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [x] "=&r"(x), [y] "=&r"(y),
                     [t] "=&r"(t), [w0] "=&r"(w0), [w1] "=&r"(w1)
                   : [end] "r"(pair->end)
                   : "cc", "memory");
    const int32_t by = p->left, multiplier = p->multiplier;
    const int32_t rounding = p->rounding, shift = p->right, beside = pair->beside;
    other[beside] = output_of(s3, by, multiplier, rounding, shift);
    other[0] = output_of(s2, by, multiplier, rounding, shift);
    output[beside] = output_of(s1, by, multiplier, rounding, shift);
    output[0] = output_of(s0, by, multiplier, rounding, shift);
}

static void product(const qmcu_batch_matmul_packed_params *p, const int8_t *passing,
                    const int8_t *packed, void *scratch, int8_t *output)
{
    qmcu_matmul_by_twos(p, passing, packed, scratch, 4 * ((p->depth + 3) / 4), output, pack,
                        four_outputs);
}

void qmcu_batch_matmul_packed_dsp(const qmcu_batch_matmul_packed_dsp_params *params,
                                  const int8_t *passing, const int8_t *packed, void *scratch,
                                  int8_t *output)
{
    qmcu_batch_matmul_packed_by(params, passing, packed, scratch, output, product);
}
