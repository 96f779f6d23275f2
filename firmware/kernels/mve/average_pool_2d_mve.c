/* average_pool_2d for MVE: eight channels in halfword sums, which hold 255 bytes of -128.

   |mean| = floor((|sum| + n / 2) / n) = floor(2 m r / 2^(16 + s)) with m = |sum| + n / 2 <= 128.5 n,
   2^s <= n < 2^(s + 1) and r = ceil(2^(15 + s) / n) <= 2^15: the excess of r makes the quotient too
   large by m (n r - 2^(15 + s)) / (n 2^(15 + s)) < 257 n / (n 2^15), below 1 / n while n < 128. */
#include "average_pool_2d_mve.h"

#include "mve.h"
#include "pool_mve.h"

typedef struct {
    int32_t depth;
    int32_t row_bytes;
    int32_t low, high; /* the limits */
    int32_t rows, columns;
    int32_t taps, reciprocal, shift;
} pooling;

static void set_taps(pooling *p, int32_t rows, int32_t columns)
{
    const int32_t taps = rows * columns;
    p->rows = rows;
    p->columns = columns;
    if (taps > 0 && taps != p->taps) {
        p->taps = taps;
        p->shift = 31 - __builtin_clz((uint32_t)taps);
        p->reciprocal = ((1 << (15 + p->shift)) + taps - 1) / taps;
    }
}

static inline int16x8_t mean(const pooling *p, const int8_t *image)
{
    int16x8_t sums = vdupq_n_s16(0);
    for (int32_t row = p->rows; row > 0; --row) {
        const int8_t *from = image;
        for (int32_t column = p->columns; column > 0; --column) {
            sums = vaddq_s16(sums, vldrbq_s16(from));
            from += p->depth;
        }
        image += p->row_bytes;
    }
    const int16x8_t sign = vshrq_n_s16(sums, 15);
    uint16x8_t size = vreinterpretq_u16_s16(vabsq_s16(sums));
    size = vshlq_n_u16(vaddq_n_u16(size, (uint16_t)(p->taps / 2)), 1);
    size = vmulhq_u16(size, vdupq_n_u16((uint16_t)p->reciprocal));
    size = vshlq_r_u16(size, -p->shift);
    const int16x8_t value = vsubq_s16(veorq_s16(vreinterpretq_s16_u16(size), sign), sign);
    return vminq_s16(vmaxq_s16(value, vdupq_n_s16((int16_t)p->low)), vdupq_n_s16((int16_t)p->high));
}

static void pool(const pooling *p, const int8_t *image, int8_t *output)
{
    for (int32_t left = p->depth; left > 0; left -= 8, image += 8, output += 8) {
        vstrbq_p_s16(output, mean(p, image), vctp16q((uint32_t)left));
    }
}

void qmcu_average_pool_2d_mve(const qmcu_average_pool_2d_mve_params *params, const int8_t *input,
                              int8_t *output)
{
    const qmcu_average_pool_2d_mve_params *const p = params;
    pooling now = {.depth = p->depth,
                   .row_bytes = p->input_width * p->depth,
                   .low = p->activation_minimum,
                   .high = p->activation_maximum};
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t y = row * p->stride_height - p->padding_top;
            const qmcu_taps rows = qmcu_pool_taps(y, p->kernel_height, p->input_height);
            for (int32_t column = 0; column < p->output_width; ++column) {
                const int32_t x = column * p->stride_width - p->padding_left;
                const qmcu_taps columns = qmcu_pool_taps(x, p->kernel_width, p->input_width);
                set_taps(&now, qmcu_taps_count(rows), qmcu_taps_count(columns));
                pool(&now,
                     input + ((y + rows.first) * p->input_width + x + columns.first) * p->depth,
                     output);
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
