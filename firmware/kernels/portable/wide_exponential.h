/* exp in double, within about one unit of its last place. */
#ifndef QMCU_WIDE_EXPONENTIAL_H
#define QMCU_WIDE_EXPONENTIAL_H

#include "powers_of_two.h"

/* exp(value) = 2^(k / 32) * exp(r): from a table, and a series in r, |r| <= log(2) / 64. */
static inline double qmcu_wide_exp(double value)
{
    if (value > 709.0) {
        return 1.0 / 0.0;
    }
    if (value < -708.0) {
        return 0.0;
    }
    const double shifted = 0x1.71547652b82fep5 * value + 0x1.8p52; /* rounds to a whole number */
    const double whole = shifted - 0x1.8p52;
    /* log(2) / 32 in two parts: the product with the first is exact. */
    const double r = (value - whole * 0x1.62e42feep-6) - whole * 0x1.a39ef35793c76p-38;
    uint64_t k;
    memcpy(&k, &shifted, sizeof k);
    const double rest = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0));
    const double series = r + r * r * (0.5 + r * (1.0 / 6.0 + r * rest));
    const double power = qmcu_power_of_two(k);
    return power + power * series;
}

#endif
