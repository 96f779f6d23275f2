/* max_pool_2d for MVE, 16 channels at once. */
#include "max_pool_2d_mve.h"

#include "mve.h"
#include "pool_mve.h"

typedef struct {
    int32_t depth;
    int32_t row_bytes;
    int8_t low, high; /* the limits */
    int32_t rows, columns;
} pooling;

static inline int8x16_t largest(const pooling *p, const int8_t *image)
{
    int8x16_t result = vdupq_n_s8(p->low);
    for (int32_t row = p->rows; row > 0; --row) {
        const int8_t *from = image;
        for (int32_t column = p->columns; column > 0; --column) {
            result = vmaxq_s8(result, vldrbq_s8(from));
            from += p->depth;
        }
        image += p->row_bytes;
    }
    return vminq_s8(result, vdupq_n_s8(p->high));
}

static void pool(const pooling *p, const int8_t *image, int8_t *output)
{
    int32_t left = p->depth;
    for (; QMCU_USES_POOL_VECTORS && left >= 16; left -= 16, image += 16, output += 16) {
        vstrbq_s8(output, largest(p, image));
    }
    if (QMCU_USES_POOL_LEFT && left > 0) {
        vstrbq_p_s8(output, largest(p, image), vctp8q((uint32_t)left));
    }
}

void qmcu_max_pool_2d_mve(const qmcu_max_pool_2d_mve_params *params, const int8_t *input,
                          int8_t *output)
{
    const qmcu_max_pool_2d_mve_params *const p = params;
    pooling now = {p->depth,
                   p->input_width * p->depth,
                   (int8_t)p->activation_minimum,
                   (int8_t)p->activation_maximum,
                   0,
                   0};
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t y = row * p->stride_height - p->padding_top;
            const qmcu_taps rows = qmcu_pool_taps(y, p->kernel_height, p->input_height);
            now.rows = qmcu_taps_count(rows);
            for (int32_t column = 0; column < p->output_width; ++column) {
                const int32_t x = column * p->stride_width - p->padding_left;
                const qmcu_taps columns = qmcu_pool_taps(x, p->kernel_width, p->input_width);
                now.columns = qmcu_taps_count(columns);
                pool(&now,
                     input + ((y + rows.first) * p->input_width + x + columns.first) * p->depth,
                     output);
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
