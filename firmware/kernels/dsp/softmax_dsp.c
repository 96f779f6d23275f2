/* softmax with products of two instructions where a factor is below 2^30: doubled, it makes SMMULR the
   doubling high multiply. */
#include "small.h"

#include "softmax_dsp.h"

#include "dsp.h"
#include "softmax_code.h"

/* HIGH_MULTIPLY for |a| < 2^30. */
static inline int32_t multiply(int32_t a, int32_t b)
{
    return qmcu_smmulr((int32_t)((uint32_t)a << 1), b);
}

/* exp_of_quarter: x is in [-1/8, 1/8), and what is divided is not negative. */
static inline int32_t exponential_of_quarter(int32_t a)
{
    const int32_t exp_of_minus_eighth = 1895147668;
    const int32_t third = 715827883;
    const int32_t x = a + (1 << 28);
    const int32_t x2 = multiply(x, x);
    const int32_t x3 = multiply(x2, x);
    const int32_t x4 = multiply(x2, x2);
    const int32_t cubic = multiply(((x4 + 2) >> 2) + x3, third);
    return exp_of_minus_eighth + multiply(x + ((cubic + x2 + 1) >> 1), exp_of_minus_eighth);
}

/* exp_of_negative of the difference's product; inlined at its two calls it takes 240 bytes more. */
static __attribute__((noinline)) int32_t exponential(const qmcu_softmax_params *p,
                                                     int32_t difference)
{
    /* exp(-2^k) as Q0.31 for k = 0 to 4 */
    static const int32_t factors[5] = {790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = 1 << 24;
    const int32_t a = qmcu_requantize(difference, p->multiplier, p->shift);
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t fraction = (a & (quarter - 1)) - quarter;
    uint32_t quarters = (uint32_t)(fraction - a) >> 24;
    int32_t result = exponential_of_quarter(fraction * 32);
    if ((quarters & 1u) != 0u) {
        result = HIGH_MULTIPLY(result, 1672461947); /* exp(-1/4) */
    }
    if ((quarters & 2u) != 0u) {
        result = HIGH_MULTIPLY(result, 1302514674); /* exp(-1/2) */
    }
    const int32_t *factor = factors;
    for (quarters >>= 2; quarters != 0u; quarters >>= 1) {
        if ((quarters & 1u) != 0u) {
            result = multiply(*factor, result);
        }
        ++factor;
    }
    return result;
}

void qmcu_softmax_dsp(const qmcu_softmax_dsp_params *params, const int8_t *input, int8_t *output)
{
    qmcu_softmax_by(params, input, output, exponential);
}
