/* exp of negative numbers in fixed point, for SOFTMAX and LOG_SOFTMAX.

   The numeric formats and approximations are gemmlowp's: Qm.n has m integer and n fractional bits
   below the sign. A source that includes this uses all of it. */
#ifndef QMCU_FIXED_EXPONENTIAL_H
#define QMCU_FIXED_EXPONENTIAL_H

#include "fixed_reciprocal.h"

/* exp(a) as Q0.31 for a in [-1/4, 0) as Q0.31: Taylor series around -1/8. */
static int32_t exp_of_quarter(int32_t a)
{
    const int32_t exp_of_minus_eighth = 1895147668;
    const int32_t third = 715827883;
    const int32_t x = a + ((int32_t)1 << 28);
    const int32_t x2 = HIGH_MULTIPLY(x, x);
    const int32_t x3 = HIGH_MULTIPLY(x2, x);
    const int32_t x4 = HIGH_MULTIPLY(x2, x2);
    /* (x^4 / 4 + x^3) / 3 + x^2, halved: x^2 / 2 + x^3 / 6 + x^4 / 24 */
    const int32_t cubic = HIGH_MULTIPLY(qmcu_rounding_divide(x4, 2) + x3, third);
    const int32_t series = qmcu_rounding_divide(cubic + x2, 1);
    return exp_of_minus_eighth + HIGH_MULTIPLY(exp_of_minus_eighth, x + series);
}

/* exp(a) as Q0.31 for a <= 0 as Q5.26. */
static int32_t exp_of_negative(int32_t a)
{
    /* exp(-2^k) as Q0.31 for k = -2 to 4 */
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308,
                                       39332535,   720401,     242};
    const int32_t quarter = (int32_t)1 << 24;
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t fraction = (a & (quarter - 1)) - quarter;
    const uint32_t quarters = (uint32_t)(fraction - a) >> 24;
    int32_t result = exp_of_quarter(fraction * 32);
    for (uint32_t k = 0; k < 7u; ++k) {
        if ((quarters >> k & 1u) != 0u) {
            result = HIGH_MULTIPLY(result, factors[k]);
        }
    }
    return result;
}

#endif
