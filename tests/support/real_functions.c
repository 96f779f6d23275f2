/* Our functions of real numbers beside the C library's, for every STEP-th of the 2^32 floats:

       ./real_functions STEP [NAME]

   prints a line for each function: its name, how many of how many differ, and the first of them. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "exponential.h"
#include "hyperbolic.h"
#include "logarithm.h"
#include "real_functions.h"
#include "sinusoid.h"

typedef struct {
    const char *name;
    float (*library)(float);
    float (*ours)(float);
} pair;

static float sine(float x)
{
    return qmcu_sine_ahead(x, 0);
}

static float cosine(float x)
{
    return qmcu_sine_ahead(x, 1);
}

static float ceiling(float x)
{
    return -qmcu_floor(-x);
}

static const pair pairs[] = {
    {"exp", expf, qmcu_exp},
    {"log", logf, qmcu_log},
    {"sin", sinf, sine},
    {"cos", cosf, cosine},
    {"expm1", expm1f, qmcu_expm1},
    {"tanh", tanhf, qmcu_tanh},
    {"sqrt", sqrtf, qmcu_square_root},
    {"floor", floorf, qmcu_floor},
    {"ceil", ceilf, ceiling},
};

static void compare(const pair *p, uint64_t step)
{
    uint64_t count = 0;
    uint64_t different = 0;
    float first = 0.0f;
    for (uint64_t bits = 0; bits <= UINT32_MAX; bits += step) {
        const float x = qmcu_float_of((uint32_t)bits);
        const float a = p->library(x);
        const float b = p->ours(x);
        ++count;
        if (!(a != a && b != b) && qmcu_bits_of(a) != qmcu_bits_of(b)) {
            first = different == 0 ? x : first;
            ++different;
        }
    }
    printf("%s %" PRIu64 " of %" PRIu64 " %a\n", p->name, different, count, (double)first);
    fflush(stdout);
}

int main(int count, char **arguments)
{
    const uint64_t step = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; ++i) {
        if (count < 3 || strcmp(arguments[2], pairs[i].name) == 0) {
            compare(&pairs[i], step == 0 ? 1 : step);
        }
    }
    return 0;
}
