/* x times the normal distribution below x, in double and rounded to float once: erfc as W. J. Cody
   approximates it (Math. Comp. 23, 1969); or the form by tanh, which is a sigmoid. */
#include "gelu_f32.h"

#include "wide_exponential.h"

#define LENGTH(array) ((int32_t)(sizeof(array) / sizeof((array)[0])))

/* Numerators and denominators, from the highest power on. */
static const double centre_above[] = {0x1.7c7905a31c322p-3, 0x1.949fb3ed443e9p+1,
                                      0x1.c774e4d365da3p+6, 0x1.797c38897528bp+8,
                                      0x1.912c1535d121ap+11};
static const double centre_below[] = {0x1.0000000000000p+0, 0x1.799ee342fb2dep+4,
                                      0x1.e80c9d57e55b8p+7, 0x1.40a77529cadc8p+10,
                                      0x1.63879423b87adp+11};
static const double middle_above[] = {
    0x1.71e703c5f5815p-26, 0x1.20dd508eb103ep-1,  0x1.1c42c35b8bc02p+3,
    0x1.087a0d1c420d0p+6,  0x1.2aa2986aba462p+8,  0x1.b8f9e262b9fa3p+9,
    0x1.ac030c15dc8d7p+10, 0x1.0062821236f6bp+11, 0x1.3395b7fd2fc8ep+10};
static const double middle_below[] = {
    0x1.0000000000000p+0,  0x1.f7d66f486ded5p+3,  0x1.d6c69b0ffcde7p+6,
    0x1.0c972e588749ep+9,  0x1.9558eeca29d27p+10, 0x1.9b599356d1202p+11,
    0x1.10a9e7cb10e86p+12, 0x1.adebc3fc90dbdp+11, 0x1.3395b7fd35f61p+10};
static const double far_above[] = {0x1.0b4fb18b485c7p-6, 0x1.38a78b9f065f6p-2,
                                   0x1.70fe40e2425b8p-2, 0x1.0199d980a842fp-3,
                                   0x1.078448cd6c5b5p-6, 0x1.595fd0d71e33cp-11};
static const double far_below[] = {0x1.0000000000000p+0, 0x1.48c54508800dbp+1,
                                   0x1.df79d6855f0adp+0, 0x1.0e4993e122c39p-1,
                                   0x1.efc42917d7de7p-5, 0x1.32147a014bad1p-9};

static double polynomial(const double *terms, int32_t count, double z)
{
    double total = terms[0];
    for (int32_t i = 1; i < count; ++i) {
        total = total * z + terms[i];
    }
    return total;
}

#define QUOTIENT(name, z)                                  \
    (polynomial(name##_above, LENGTH(name##_above), (z)) / \
     polynomial(name##_below, LENGTH(name##_below), (z)))

/* The share of the normal distribution below x. */
static double below(double x)
{
    const double z = (x < 0.0 ? -x : x) * 0x1.6a09e667f3bcdp-1;
    if (z <= 0.46875) {
        const double half = 0.5 * (z * QUOTIENT(centre, z * z));
        return 0.5 + (x < 0.0 ? -half : half);
    }
    double tail;
    if (z <= 4.0) {
        tail = QUOTIENT(middle, z);
    } else {
        const double inverse = 1.0 / (z * z);
        tail = (0x1.20dd750429b6dp-1 - inverse * QUOTIENT(far, inverse)) / z;
    }
    tail = 0.5 * (qmcu_wide_exp(-(z * z)) * tail);
    return x > 0.0 ? 1.0 - tail : tail;
}

static float gelu(float value, int32_t approximate)
{
    const double x = (double)value;
    if (value != value || x < -1e30 || x > 1e30) {
        /* Of what is far below nothing is left. */
        return x < 0.0 ? -0.0f : value;
    }
    if (approximate) {
        const double slope = -0x1.9884533d43651p+0 * (x + 0x1.6e4e26d4801f7p-5 * (x * x * x));
        return (float)(x / (1.0 + qmcu_wide_exp(slope)));
    }
    return (float)(x * below(x));
}

void qmcu_gelu_f32(const qmcu_gelu_f32_params *params, const float *input, float *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = gelu(input[i], params->approximate);
    }
}
