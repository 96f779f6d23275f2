/* softmax for MVE: four elements at a time, the arithmetic of fixed_exponential.h. VQRDMULH is its high
   multiply; what is divided is not negative, so that VRSHL rounds it likewise. */
#include "small.h"
#include "regions.h"

#include "softmax_mve.h"

#include "mve.h"
#include "uses_mve.h"

/* exp(a) as Q0.31 for a in [-1/4, 0) as Q0.31: Taylor series around -1/8. */
static inline int32x4_t exponential_of_quarter(int32x4_t a)
{
    const int32_t exp_of_minus_eighth = 1895147668;
    int32_t third; /* from memory, for the compiler would add it up in three instructions */
    __asm("ldr %0, =715827883" : "=r"(third));
    const int32x4_t x = vaddq_n_s32(a, 1 << 28);
    const int32x4_t x2 = vqrdmulhq_s32(x, x);
    const int32x4_t x3 = vqrdmulhq_s32(x2, x);
    const int32x4_t x4 = vqrdmulhq_s32(x2, x2);
    const int32x4_t cubic = vqrdmulhq_n_s32(vaddq_s32(vrshrq_n_s32(x4, 2), x3), third);
    const int32x4_t series = vaddq_s32(x, vrshrq_n_s32(vaddq_s32(cubic, x2), 1));
    return vaddq_n_s32(vqrdmulhq_n_s32(series, exp_of_minus_eighth), exp_of_minus_eighth);
}

/* exp(a) as Q0.31 for a <= 0 as Q5.26, 0 for the least of all. The factors are multiplied where a's bits
   are set and INT32_MAX put where a is 0 in assembly, for the compiler moves predicates to and fro. */
static inline int32x4_t exponential(int32x4_t a)
{
    /* exp(-2^k) as Q0.31 for k = -2 to 4 */
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308,
                                       39332535,   720401,     242};
    const int32_t quarter = 1 << 24;
    const int32x4_t fraction = vorrq_n_s32(a, -quarter); /* its 24 bits less a quarter */
    const int32x4_t quarters = vsubq_s32(fraction, a);
    int32x4_t bit = vdupq_n_s32(quarter);
    int32x4_t result = exponential_of_quarter(vshlq_n_s32(fraction, 5));
    const int32_t *factor = factors;
    int32_t each;
    __asm("dls lr, %[count]\n"
          "1: vand q0, %q[quarters], %q[bit]\n\t"
          "ldr %[each], [%[factor]], #4\n\t"
          "vpt.i32 ne, q0, zr\n\t"
          "vqrdmulht.s32 %q[result], %q[result], %[each]\n\t"
          "vadd.i32 %q[bit], %q[bit], %q[bit]\n\t"
          "le lr, 1b\n\t"
          "vpt.i32 eq, %q[a], zr\n\t"
          "vmvnt.i32 %q[result], #0x80000000"
          : [result] "+w"(result), [bit] "+w"(bit), [factor] "+r"(factor), [each] "=&r"(each)
          : [a] "w"(a), [quarters] "w"(quarters), [count] "r"(7), "m"(factors)
          : "q0", "lr");
    return result;
}

/* exp of the first `left` of four elements' differences to the largest, and 0 of what is not there or so
   much less that exp is taken for 0. */
static __attribute__((noinline)) int32x4_t exponentials(const qmcu_softmax_params *p,
                                                        const int8_t *input, int32_t largest,
                                                        int32_t left)
{
    int32x4_t a;
    int32_t counted;
    __asm(
        "vctp.32 %[left]\n\t"
        "vmov.i32 q0, #0x80000000\n\t"
        "vpst\n\t"
        "vldrbt.s32 %q[a], [%[input]]\n\t"
        "vsub.i32 %q[a], %q[a], %[largest]\n\t"
        "vpst\n\t"
        "vcmpt.s32 ge, %q[a], %[least]\n\t"
        "vshl.s32 %q[a], %[shift]\n\t"
        "vqrdmulh.s32 %q[a], %q[a], %[multiplier]\n\t"
        "vpsel %q[a], %q[a], q0\n\t"
        "vmrs %[counted], p0"
        : [a] "=&w"(a), [counted] "=r"(counted)
        : [input] "l"(input), [left] "r"(left), [largest] "r"(largest),
          [least] "r"(p->minimum_difference), [shift] "r"(p->shift), [multiplier] "r"(p->multiplier)
        : "q0", "memory");
    return counted == 0 ? vdupq_n_s32(0) : exponential(a);
}

static int32_t largest_of(const int8_t *input, int32_t depth)
{
    int32_t largest = INT8_MIN;
    __asm("dlstp.8 lr, %[depth]\n"
          "1: vldrb.8 q0, [%[input]], #16\n\t"
          "vmaxv.s8 %[largest], q0\n\t"
          "letp lr, 1b"
          : [input] "+r"(input), [largest] "+r"(largest)
          : [depth] "r"(depth)
          : "q0", "lr", "memory");
    return largest;
}

/* 1 / (1 + a) as Q0.31 for half = (1 + a) / 2, as reciprocal_of_one_plus in fixed_reciprocal.h. */
static inline int32x4_t reciprocal_of(int32_t half)
{
    const int32_t x_48_over_17 = 1515870810;
    const int32_t x_minus_32_over_17 = -1010580540;
    const int32x4_t one = vdupq_n_s32(1 << 29);
    const int32x4_t halves = vdupq_n_s32(half);
    int32x4_t x = vaddq_n_s32(vqrdmulhq_n_s32(halves, x_minus_32_over_17), x_48_over_17);
    for (int32_t step = 0; step < 3; ++step) {
        const int32x4_t rest = vsubq_s32(one, vqrdmulhq_s32(halves, x));
        x = vaddq_s32(x, vshlq_n_s32(vqrdmulhq_s32(x, rest), 2));
    }
    const int32x4_t saturated = vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(x), 30));
    return vsubq_s32(vaddq_s32(x, x), saturated);
}

static void softmax_row(const qmcu_softmax_params *p, const int8_t *input, int8_t *output)
{
    const int32_t depth = p->depth, largest = largest_of(input, depth);
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < depth; i += 4) {
        const int32x4_t e = exponentials(p, input + i, largest, depth - i);
        sum = vaddvaq_s32(sum, vrshrq_n_s32(e, 12));
    }
    /* Probabilities are mantissa * exp / 2^exponent, as softmax_reciprocal.h says; VRSHL gives 0 for
       exponents above 31. */
    const int32_t headroom = __builtin_clz((uint32_t)sum);
    const int32x4_t mantissa = reciprocal_of((int32_t)((uint32_t)sum << headroom >> 1));
    for (int32_t i = 0; i < depth; i += 4) {
        const int32x4_t e = exponentials(p, input + i, largest, depth - i);
        const int32x4_t part = vrshlq_n_s32(vqrdmulhq_s32(e, mantissa), headroom - 35);
        const int32x4_t probability = vminq_s32(part, vdupq_n_s32(UINT8_MAX));
        const int32x4_t bytes = vaddq_n_s32(probability, INT8_MIN);
        __asm volatile("vctp.32 %[left]\n\t"
                       "vpst\n\t"
                       "vstrbt.32 %q[bytes], [%[to]]"
                       :
                       : [left] "r"(depth - i), [bytes] "w"(bytes), [to] "l"(output + i)
                       : "memory");
    }
}

void qmcu_softmax_mve(const qmcu_softmax_mve_params *params, const int8_t *input, int8_t *output)
{
    const int32_t rows = QMCU_USES_SOFTMAX_ROWS ? params->rows : 1;
    for (int32_t row = 0; row < rows; ++row) {
        softmax_row(params, input, output);
        input += params->depth;
        output += params->depth;
    }
}
