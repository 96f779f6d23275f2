/* average_pool_2d for the DSP extension: four channels in two words of halfword sums, which hold 255
   bytes of -128. The last four channels may be some of the four before; fewer than four go one by one.
   With m = 2^28 / count rounded up, or one more where that is no fraction, sum * m >> 16 is 4096 times
   the mean, from 2^-28 * |sum| further from 0 down to one less: a tie goes away from zero, and all else
   is 1 / (2 * count) from one at least, which is more than both. */
#include "average_pool_2d_dsp.h"

#include "dsp.h"
#include "window.h"

#define BITS 12

typedef struct {
    int32_t depth;
    int32_t row_bytes;
    int32_t rows, columns;
    int32_t reciprocal;
} pooling;

static inline void pool_four(const pooling *p, const int8_t *image, int8_t *output)
{
    const int32_t half = 1 << (BITS - 1);
    uint32_t even = 0, odd = 0;
    for (int32_t row = p->rows; row > 0; --row) {
        const int8_t *from = image;
        for (int32_t column = p->columns; column > 0; --column) {
            const uint32_t word = qmcu_load_word(from);
            even = qmcu_sxtab16(even, word);
            odd = qmcu_sxtab16_odd(odd, word);
            from += p->depth;
        }
        image += p->row_bytes;
    }
    output[0] = (int8_t)(qmcu_smlawb(p->reciprocal, even, half) >> BITS);
    output[1] = (int8_t)(qmcu_smlawb(p->reciprocal, odd, half) >> BITS);
    output[2] = (int8_t)(qmcu_smlawt(p->reciprocal, even, half) >> BITS);
    output[3] = (int8_t)(qmcu_smlawt(p->reciprocal, odd, half) >> BITS);
}

static int8_t pool_one(const pooling *p, const int8_t *image)
{
    int32_t sum = 0;
    for (int32_t row = p->rows; row > 0; --row) {
        for (int32_t column = 0; column < p->columns; ++column) {
            sum += image[column * p->depth];
        }
        image += p->row_bytes;
    }
    return (int8_t)(qmcu_smlawb(p->reciprocal, (uint32_t)sum, 1 << (BITS - 1)) >> BITS);
}

static inline void pool(const pooling *p, const int8_t *image, int8_t *output)
{
    const int32_t last = p->depth - 4;
    if (last < 0) {
        for (int32_t channel = 0; channel < p->depth; ++channel) {
            output[channel] = pool_one(p, image + channel);
        }
        return;
    }
    for (int32_t channel = 0;; channel = channel + 4 < last ? channel + 4 : last) {
        pool_four(p, image + channel, output + channel);
        if (channel == last) {
            return;
        }
    }
}

void qmcu_average_pool_2d_dsp(const qmcu_average_pool_2d_dsp_params *params, const int8_t *input,
                              int8_t *output)
{
    const qmcu_average_pool_2d_dsp_params *const p = params;
    pooling q = {.depth = p->depth, .row_bytes = p->input_width * p->depth};
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t y = row * p->stride_height - p->padding_top;
            const qmcu_taps rows = qmcu_taps_inside(y, 1, p->kernel_height, p->input_height);
            q.rows = qmcu_taps_count(rows);
            for (int32_t column = 0; column < p->output_width; ++column) {
                const int32_t x = column * p->stride_width - p->padding_left;
                const qmcu_taps columns = qmcu_taps_inside(x, 1, p->kernel_width, p->input_width);
                const int8_t *image =
                    input + ((y + rows.first) * p->input_width + x + columns.first) * p->depth;
                q.columns = qmcu_taps_count(columns);
                q.reciprocal = (1 << 28) / (q.rows * q.columns) + 1;
                pool(&q, image, output);
                output += p->depth;
            }
        }
        input += p->input_height * q.row_bytes;
    }
}
