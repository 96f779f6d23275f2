/* depthwise_conv_2d for the DSP extension: four channels and two taps at a time. The rows that a
   window needs are in a ring, with their padding, so that no tap asks where it is. */
#include "depthwise_conv_2d_dsp.h"

#include "copy_dsp.h"
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

/* Adds two taps of four channels: bytes c of a and of b, times the pair of weights of channel c. */
static inline const uint32_t *add_pair(uint32_t a, uint32_t b, const uint32_t *weights,
                                       int32_t sums[4])
{
    const uint32_t low = qmcu_pack_low(a, b);
    const uint32_t high = qmcu_pack_high(a, b);
    sums[0] = qmcu_smlad(qmcu_sxtb16(low), weights[0], sums[0]);
    sums[1] = qmcu_smlad(qmcu_sxtb16_odd(low), weights[1], sums[1]);
    sums[2] = qmcu_smlad(qmcu_sxtb16(high), weights[2], sums[2]);
    sums[3] = qmcu_smlad(qmcu_sxtb16_odd(high), weights[3], sums[3]);
    return weights + 4;
}

static inline void store(const int32_t sums[4], const qmcu_channel *channel, int8_t *output)
{
    for (int32_t i = 0; i < 4; ++i) {
        output[i] = qmcu_channel_output(sums[i], channel + i);
    }
}

/* One pixel of a 3 x 3 kernel. */
static void pixel_3x3(int32_t depth, const int8_t *const rows[3], int32_t offset,
                      const uint32_t *weights, const qmcu_channel *channel, int8_t *output)
{
    const int8_t *a = rows[0] + offset;
    const int8_t *b = rows[1] + offset;
    const int8_t *c = rows[2] + offset;
    for (int32_t left = depth; left > 0; left -= 4) {
        int32_t sums[4] = {channel[0].bias, channel[1].bias, channel[2].bias, channel[3].bias};
        weights = add_pair(qmcu_load_word(a), qmcu_load_word(a + depth), weights, sums);
        weights = add_pair(qmcu_load_word(a + 2 * depth), qmcu_load_word(b), weights, sums);
        weights = add_pair(qmcu_load_word(b + depth), qmcu_load_word(b + 2 * depth), weights, sums);
        weights = add_pair(qmcu_load_word(c), qmcu_load_word(c + depth), weights, sums);
        const uint32_t last = qmcu_load_word(c + 2 * depth);
        weights = add_pair(last, last, weights, sums);
        store(sums, channel, output);
        a += 4;
        b += 4;
        c += 4;
        channel += 4;
        output += 4;
    }
}

/* One pixel of any kernel: `taps` are `count` pointers, an even number. */
static void pixel(int32_t depth, const int8_t *const *taps, int32_t count, int32_t offset,
                  const uint32_t *weights, const qmcu_channel *channel, int8_t *output)
{
    for (int32_t at = 0; at < depth; at += 4) {
        int32_t sums[4] = {channel[0].bias, channel[1].bias, channel[2].bias, channel[3].bias};
        for (int32_t tap = 0; tap < count; tap += 2) {
            weights = add_pair(qmcu_load_word(taps[tap] + offset + at),
                               qmcu_load_word(taps[tap + 1] + offset + at), weights, sums);
        }
        store(sums, channel, output + at);
        channel += 4;
    }
}

/* Pointers to the taps of the row's first window, filled up to pairs with the last. */
static int32_t list_taps(const qmcu_depthwise_conv_2d_dsp_params *p, int8_t *ring, int32_t top,
                         const int8_t **taps)
{
    const int32_t row_size = p->row_width * p->depth;
    int32_t count = 0;
    for (int32_t row = 0; row < p->kernel_height; ++row) {
        const int8_t *from = ring + (top + row) % p->kernel_height * row_size;
        for (int32_t column = 0; column < p->kernel_width; ++column) {
            taps[count++] = from + column * p->depth;
        }
    }
    if (count % 2 != 0) {
        taps[count] = taps[count - 1];
        ++count;
    }
    return count;
}

void qmcu_depthwise_conv_2d_dsp(const qmcu_depthwise_conv_2d_dsp_params *params,
                                const int8_t *input, const int16_t *weights,
                                const int32_t *channels, void *scratch, int8_t *output)
{
    const qmcu_depthwise_conv_2d_dsp_params *const p = params;
    const uint32_t *const pairs = (const uint32_t *)(const void *)weights;
    const qmcu_channel *const channel = (const qmcu_channel *)channels;
    const int32_t row_size = p->row_width * p->depth;
    const int32_t is_3x3 = p->kernel_height == 3 && p->kernel_width == 3;
    const int8_t *taps[QMCU_DEPTHWISE_TAPS];
    int8_t *const ring = scratch;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        /* Rows are counted from the padding above the image. */
        int32_t loaded = 0;
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t top = row * p->stride_height;
            for (loaded = loaded < top ? top : loaded; loaded < top + p->kernel_height; ++loaded) {
                load_row(p, input, loaded - p->padding_top,
                         ring + loaded % p->kernel_height * row_size);
            }
            const int32_t count = list_taps(p, ring, top, taps);
            const int8_t *const rows[3] = {taps[0], taps[is_3x3 ? 3 : 0], taps[is_3x3 ? 6 : 0]};
            for (int32_t column = 0; column < p->output_width; ++column) {
                const int32_t offset = column * p->stride_width * p->depth;
                if (is_3x3) {
                    pixel_3x3(p->depth, rows, offset, pairs, channel, output);
                } else {
                    pixel(p->depth, taps, count, offset, pairs, channel, output);
                }
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}
