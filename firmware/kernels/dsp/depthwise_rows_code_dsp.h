/* depthwise_conv_2d for the DSP extension: the rows that a window needs are in a ring, with their
   padding, so that no tap asks where it is; where no window leaves the image, they are where they
   are. What becomes of a pixel is said by whoever includes this, in fours of channels: of a pixel with
   a rest the next one writes over what is too much, and the last of a row is copied. */
#ifndef QMCU_DEPTHWISE_ROWS_CODE_DSP_H
#define QMCU_DEPTHWISE_ROWS_CODE_DSP_H

#include "copy_dsp.h"
#include "depthwise_conv_2d_dsp.h"
#include "dsp.h"

/* Row `y` of the image with its padding; outside the image it is the input zero point. */
static void load_row(const qmcu_depthwise_conv_2d_dsp_params *p, const int8_t *image, int32_t y,
                     int8_t *row)
{
    if (y < 0 || y >= p->input_height) {
        qmcu_fill_bytes(row, p->input_zero_point, p->row_width * p->depth);
        return;
    }
    const int32_t room = p->row_width - p->padding_left;
    const int32_t width = room < p->input_width ? room : p->input_width;
    qmcu_fill_bytes(row, p->input_zero_point, p->padding_left * p->depth);
    row += p->padding_left * p->depth;
    qmcu_copy_bytes(row, image + y * p->input_width * p->depth, width * p->depth);
    qmcu_fill_bytes(row + width * p->depth, p->input_zero_point, (room - width) * p->depth);
}

/* Pointers to the taps of the row's first window, filled up to pairs with the last. Of `rows`, which
   have row_size bytes, the window's first is at `top`, and behind the last one, the kernel's height
   further, is the first one again. */
static int32_t list_taps(const qmcu_depthwise_conv_2d_dsp_params *p, const int8_t *rows,
                         int32_t row_size, int32_t top, const int8_t **taps)
{
    int32_t count = 0;
    const int8_t *from = rows + top * row_size;
    for (int32_t row = p->kernel_height; row > 0; --row) {
        for (int32_t column = 0; column < p->kernel_width; ++column) {
            taps[count++] = from + column * p->depth;
        }
        from += row_size;
        if (++top == p->kernel_height) {
            from = rows;
        }
    }
    if (count % 2 != 0) {
        taps[count] = taps[count - 1];
        ++count;
    }
    return count;
}

/* All channels of the window whose taps, filled up to pairs, are those from `taps` to `end`, `offset`
   bytes further. */
typedef void qmcu_depthwise_pixel(const qmcu_depthwise_conv_2d_dsp_params *p,
                                  const int8_t *const *taps, const int8_t *const *end,
                                  int32_t offset, int8_t *output, const void *filters);

/* The whole layer, a pixel at a time. */
static inline __attribute__((always_inline)) void layer(const qmcu_depthwise_conv_2d_dsp_params *p,
                                                        const int8_t *input, const void *filters,
                                                        void *scratch, int8_t *output,
                                                        qmcu_depthwise_pixel *pixel)
{
    const int32_t row_size = (p->row_width ? p->row_width : p->input_width) * p->depth;
    const int8_t *taps[QMCU_DEPTHWISE_TAPS];
    int8_t *const ring = scratch;
    const int32_t apart = p->depth % 4 != 0; /* the last pixel of a row */
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        /* Rows are counted from the padding above the image. */
        int32_t loaded = 0;
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t top = row * p->stride_height;
            int32_t count;
            if (!p->row_width) {
                count = list_taps(p, input + top * row_size, row_size, 0, taps);
            } else {
                loaded = loaded < top ? top : loaded;
                for (; loaded < top + p->kernel_height; ++loaded) {
                    load_row(p, input, loaded - p->padding_top,
                             ring + loaded % p->kernel_height * row_size);
                }
                count = list_taps(p, ring, row_size, top % p->kernel_height, taps);
            }
            int32_t offset = 0;
            for (int32_t left = p->output_width - apart; left > 0; --left) {
                pixel(p, taps, taps + count, offset, output, filters);
                offset += p->stride_width * p->depth;
                output += p->depth;
            }
            if (apart) {
                int8_t *const last = ring + p->kernel_height * row_size;
                pixel(p, taps, taps + count, offset, last, filters);
                qmcu_copy_bytes(output, last, p->depth);
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}

#endif
