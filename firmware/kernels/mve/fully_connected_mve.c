/* 16 products an instruction. */
#include "fully_connected_mve.h"

#include "fully_connected_rows_mve.h"

/* Four would be multiplied in vain. */
static inline void multiply_last(const int8_t *x, const int8_t *w, int32_t steps, int32_t rows,
                                 int32_t sums[4])
{
    for (int32_t i = 0; i < rows; ++i) {
        const int8_t *values = x, *from = w + 16 * i;
        int32_t sum = sums[i];
        for (int32_t n = steps; n > 0; n--, values += 16, from += 16 * rows) {
            sum = vmladavaq_s8(sum, vldrbq_s8(values), vldrbq_s8(from));
        }
        sums[i] = sum;
    }
}

static inline const int8_t *multiply(const int8_t *x, const int8_t *w, int32_t steps,
                                     int32_t sums[4])
{
    int32_t a = sums[0];
    int32_t b = sums[1];
    int32_t c = sums[2];
    int32_t d = sums[3];
    for (int32_t n = steps; n > 0; n--, x += 16, w += 64) {
        const int8x16_t values = vldrbq_s8(x);
        a = vmladavaq_s8(a, values, vldrbq_s8(w));
        b = vmladavaq_s8(b, values, vldrbq_s8(w + 16));
        c = vmladavaq_s8(c, values, vldrbq_s8(w + 32));
        d = vmladavaq_s8(d, values, vldrbq_s8(w + 48));
    }
    sums[0] = a;
    sums[1] = b;
    sums[2] = c;
    sums[3] = d;
    return w;
}

void qmcu_fully_connected_mve(const qmcu_fully_connected_mve_params *params, const int8_t *input,
                              const int8_t *weights, const int32_t *channels, void *scratch,
                              int8_t *output)
{
    qmcu_fully_connected_rows(params, input, weights, channels, scratch, output, multiply,
                              multiply_last);
}
