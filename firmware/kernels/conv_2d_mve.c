/* Convolution for MVE: four output pixels at a time, 16 products an instruction. */
#include "conv_2d_mve.h"

#include "mve.h"

static void fill_column(const qmcu_conv_2d_mve_params *p, const int8_t *image, int32_t y, int32_t x,
                        int8_t *column)
{
    const int32_t depth = p->input_depth;
    const int32_t row = p->kernel_width * depth;
    const int32_t left = x < 0 ? -x : 0;
    const int32_t over = x + p->kernel_width - p->input_width;
    const int32_t right = over > 0 ? over : 0;
    const int32_t middle = p->kernel_width - left - right;
    const int32_t inside = p->dilation_width == 1 && middle == p->kernel_width;

    for (int32_t i = 0; i < p->kernel_height; i++, column += row) {
        const int32_t input_y = y + i * p->dilation_height;
        if (input_y < 0 || input_y >= p->input_height) {
            qmcu_mve_fill(column, p->input_zero_point, row);
            continue;
        }
        const int8_t *from = image + input_y * p->input_width * depth;
        if (inside) {
            qmcu_mve_copy(column, from + x * depth, row);
            continue;
        }
        if (p->dilation_width == 1 && middle > 0) {
            if (left > 0) {
                qmcu_mve_fill(column, p->input_zero_point, left * depth);
            }
            qmcu_mve_copy(column + left * depth, from + (x + left) * depth, middle * depth);
            if (right > 0) {
                qmcu_mve_fill(column + row - right * depth, p->input_zero_point, right * depth);
            }
            continue;
        }
        for (int32_t j = 0; j < p->kernel_width; j++) {
            const int32_t input_x = x + j * p->dilation_width;
            if (input_x < 0 || input_x >= p->input_width) {
                qmcu_mve_fill(column + j * depth, p->input_zero_point, depth);
            } else {
                qmcu_mve_copy(column + j * depth, from + input_x * depth, depth);
            }
        }
    }
}

static void convolve(const qmcu_conv_2d_mve_params *p, const int8_t *const columns[4],
                     const int8_t *weights, const qmcu_mve_channel *channels, int32_t pixels,
                     int8_t *output)
{
    const uint32x4_t offsets = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)p->output_depth);
    const mve_pred16_t live = vctp32q((uint32_t)pixels);
    const int32_t steps = p->steps;
    const int32_t zero_point = p->output_zero_point;
    const int32_t minimum = p->activation_minimum;
    const int32_t maximum = p->activation_maximum;

    for (int32_t i = p->output_depth; i > 0; i--, channels++, output++) {
        const int8_t *a = columns[0];
        const int8_t *b = columns[1];
        const int8_t *c = columns[2];
        const int8_t *d = columns[3];
        int32_t sum_a = channels->bias;
        int32_t sum_b = sum_a;
        int32_t sum_c = sum_a;
        int32_t sum_d = sum_a;
        for (int32_t n = steps; n > 0; n--) {
            const int8x16_t w = vldrbq_s8(weights);
            sum_a = vmladavaq_s8(sum_a, vldrbq_s8(a), w);
            sum_b = vmladavaq_s8(sum_b, vldrbq_s8(b), w);
            sum_c = vmladavaq_s8(sum_c, vldrbq_s8(c), w);
            sum_d = vmladavaq_s8(sum_d, vldrbq_s8(d), w);
            weights += 16;
            a += 16;
            b += 16;
            c += 16;
            d += 16;
        }
        int32x4_t sums = qmcu_mve_four(sum_a, sum_b, sum_c, sum_d);
        sums = qmcu_mve_away(vqrdmulhq_n_s32(sums, channels->multiplier));
        sums = vrshlq_n_s32(sums, channels->shift);
        sums = qmcu_mve_clamp(sums, zero_point, minimum, maximum);
        vstrbq_scatter_offset_p_s32(output, offsets, sums, live);
    }
}

void qmcu_conv_2d_mve(const qmcu_conv_2d_mve_params *params, const int8_t *input,
                      const int8_t *weights, const int32_t *channels, void *scratch,
                      int8_t *output)
{
    const qmcu_conv_2d_mve_params *p = params;
    const int32_t size = p->input_height * p->input_width * p->input_depth;
    int32_t left = p->batches * p->output_height * p->output_width;
    int32_t x = 0;
    int32_t y = 0;

    while (left > 0) {
        const int32_t pixels = left < 4 ? left : 4;
        const int8_t *columns[4];
        for (int32_t i = 0; i < 4; i++) {
            /* Sums of pixels past the end are of the first one again and not stored. */
            columns[i] = i < pixels ? (int8_t *)scratch + i * 16 * p->steps : columns[0];
            if (i >= pixels) {
                continue;
            }
            if (p->direct) {
                columns[i] = input;
                input += p->input_depth;
                continue;
            }
            fill_column(p, input, y * p->stride_height - p->padding_top,
                        x * p->stride_width - p->padding_left,
                        (int8_t *)scratch + i * 16 * p->steps);
            if (++x == p->output_width) {
                x = 0;
                if (++y == p->output_height) {
                    y = 0;
                    input += size;
                }
            }
        }
        convolve(p, columns, weights, (const qmcu_mve_channel *)(const void *)channels, pixels,
                 output);
        output += pixels * p->output_depth;
        left -= pixels;
    }
}
