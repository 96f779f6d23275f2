/* softmax for MVE: four elements at a time, the arithmetic of fixed_exponential.h. VQRDMULH is its high
   multiply; what is divided is not negative, so that VRSHL rounds it likewise. */
#include "small.h"
#include "regions.h"

#include "softmax_mve.h"

#include "mve.h"
#include "softmax_reciprocal.h"

/* exp(a) as Q0.31 for a in [-1/4, 0) as Q0.31: Taylor series around -1/8. */
static inline int32x4_t exponential_of_quarter(int32x4_t a)
{
    const int32_t exp_of_minus_eighth = 1895147668;
    const int32_t third = 715827883;
    const int32x4_t x = vaddq_n_s32(a, 1 << 28);
    const int32x4_t x2 = vqrdmulhq_s32(x, x);
    const int32x4_t x3 = vqrdmulhq_s32(x2, x);
    const int32x4_t x4 = vqrdmulhq_s32(x2, x2);
    const int32x4_t cubic = vqrdmulhq_n_s32(vaddq_s32(vrshrq_n_s32(x4, 2), x3), third);
    const int32x4_t series = vaddq_s32(x, vrshrq_n_s32(vaddq_s32(cubic, x2), 1));
    return vaddq_n_s32(vqrdmulhq_n_s32(series, exp_of_minus_eighth), exp_of_minus_eighth);
}

/* exp(a) as Q0.31 for a <= 0 as Q5.26. */
static __attribute__((noinline)) int32x4_t exponential(int32x4_t a)
{
    /* exp(-2^k) as Q0.31 for k = -2 to 4 */
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308,
                                       39332535,   720401,     242};
    const int32_t quarter = 1 << 24;
    const int32x4_t low = vandq_s32(a, vdupq_n_s32(quarter - 1));
    const int32x4_t fraction = vsubq_n_s32(low, quarter);
    int32x4_t quarters = vsubq_s32(fraction, a);
    int32x4_t result = exponential_of_quarter(vshlq_n_s32(fraction, 5));
    /* Compared with a vector: GCC 12 breaks down over this comparison with a number. */
    const int32x4_t zero = vdupq_n_s32(0);
    for (int32_t k = 0; k < 7; ++k) {
        const mve_pred16_t set = vcmpneq_s32(vandq_s32(quarters, vdupq_n_s32(quarter << k)), zero);
        result = vqrdmulhq_m_n_s32(result, result, factors[k], set);
    }
    return vpselq_s32(vdupq_n_s32(INT32_MAX), result, vcmpeqq_n_s32(a, 0));
}

static int32_t largest_of(const int8_t *input, int32_t depth)
{
    int8_t largest = INT8_MIN;
    for (int32_t i = 0; i < depth; i += 16) {
        const mve_pred16_t live = vctp8q((uint32_t)(depth - i));
        largest = vmaxvq_p_s8(largest, vldrbq_z_s8(input + i, live), live);
    }
    return largest;
}

/* Which of the first `left` of four elements are there, and not so much less than the largest that
   exp is taken for 0. */
static inline mve_pred16_t counted_of(const qmcu_softmax_params *p, int32x4_t difference,
                                      int32_t left)
{
    return vcmpgeq_m_n_s32(difference, p->minimum_difference, vctp32q((uint32_t)left));
}

static inline int32x4_t exponentials(const qmcu_softmax_params *p, int32x4_t difference)
{
    return exponential(vqrdmulhq_n_s32(vshlq_r_s32(difference, p->shift), p->multiplier));
}

static inline int32x4_t differences(const int8_t *input, int32_t largest, int32_t left)
{
    return vsubq_n_s32(vldrbq_z_s32(input, vctp32q((uint32_t)left)), largest);
}

static void softmax_row(const qmcu_softmax_params *p, const int8_t *input, int8_t *output)
{
    const int32_t depth = p->depth, largest = largest_of(input, depth);
    int32_t sum = 0; /* Q12.19 */
    for (int32_t i = 0; i < depth; i += 4) {
        const int32x4_t difference = differences(input + i, largest, depth - i);
        const mve_pred16_t counted = counted_of(p, difference, depth - i);
        if (counted != 0) {
            sum = vaddvaq_p_s32(sum, vrshrq_n_s32(exponentials(p, difference), 12), counted);
        }
    }
    const qmcu_softmax_reciprocal r = qmcu_softmax_reciprocal_of(sum);
    for (int32_t i = 0; i < depth; i += 4) {
        const int32x4_t difference = differences(input + i, largest, depth - i);
        const mve_pred16_t counted = counted_of(p, difference, depth - i);
        int32x4_t probability = vdupq_n_s32(INT8_MIN);
        if (counted != 0) { /* VRSHL gives 0 for exponents above 31 */
            const int32x4_t part = vqrdmulhq_n_s32(exponentials(p, difference), r.mantissa);
            const int32x4_t all =
                vminq_s32(vrshlq_n_s32(part, -r.exponent), vdupq_n_s32(UINT8_MAX));
            probability = vpselq_s32(vaddq_n_s32(all, INT8_MIN), probability, counted);
        }
        vstrbq_p_s32(output + i, probability, vctp32q((uint32_t)(depth - i)));
    }
}

void qmcu_softmax_mve(const qmcu_softmax_mve_params *params, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < params->rows; ++row) {
        softmax_row(params, input, output);
        input += params->depth;
        output += params->depth;
    }
}
