/* A byte for a value of two rows, taken apart by shifts. */
#include "fully_connected_int4_mve.h"

#include "fully_connected_rows_mve.h"

static inline int8x16_t low(int8x16_t pairs)
{
    return vshrq_n_s8(vshlq_n_s8(pairs, 4), 4);
}

static inline int8x16_t high(int8x16_t pairs)
{
    return vshrq_n_s8(pairs, 4);
}

static inline const int8_t *multiply(const int8_t *x, const int8_t *w, int32_t steps,
                                     int32_t sums[4])
{
    int32_t a = sums[0];
    int32_t b = sums[1];
    int32_t c = sums[2];
    int32_t d = sums[3];
    for (int32_t n = steps; n > 0; n--, x += 16, w += 32) {
        const int8x16_t values = vldrbq_s8(x);
        const int8x16_t first = vldrbq_s8(w);
        const int8x16_t second = vldrbq_s8(w + 16);
        a = vmladavaq_s8(a, values, low(first));
        b = vmladavaq_s8(b, values, high(first));
        c = vmladavaq_s8(c, values, low(second));
        d = vmladavaq_s8(d, values, high(second));
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
    return w;
}

/* All four: rows lie in pairs, filled up with zeros. */
static inline void multiply_last(const int8_t *x, const int8_t *w, int32_t steps, int32_t rows,
                                 int32_t sums[4])
{
    (void)rows;
    (void)multiply(x, w, steps, sums);
}

static inline const int8_t *fours(const qmcu_fully_connected_mve_params *p, const int8_t *row,
                                  const int8_t *weights, const int32_t *biases,
                                  const int32_t *scales, int32_t count, int8_t *output)
{
    for (; count > 0; count -= 4, output += 4, biases += 4, scales += p->scales_step / 4) {
        int32_t each[4] = {biases[0], biases[1], biases[2], biases[3]};
        weights = multiply(row, weights, p->values / 16, each);
        vstrbq_s32(output, qmcu_fully_connected_output(p, scales, each));
    }
    return weights;
}

void qmcu_fully_connected_int4_mve(const qmcu_fully_connected_int4_mve_params *params,
                                   const int8_t *input, const int8_t *weights,
                                   const int32_t *channels, int8_t *output)
{
    qmcu_fully_connected_rows(params, input, weights, channels, output, fours, multiply_last);
}
