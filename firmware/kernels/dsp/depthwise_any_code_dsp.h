/* Depthwise convolution by any window, multiplier and number of channels, four output channels and
   two taps at a time. The rows that a window spans are in a ring, with their padding, so that no tap
   asks where it is; each channel as often as it has filters, or once, where these are an even number,
   so that neighbours share theirs. */
#ifndef QMCU_DEPTHWISE_ANY_CODE_DSP_H
#define QMCU_DEPTHWISE_ANY_CODE_DSP_H

#include "any_dsp.h"
#include "copy_dsp.h"
#include "depthwise_any_dsp.h"

static int32_t output_depth(const qmcu_window *w)
{
    return w->input_depth * w->depth_multiplier;
}

/* What kernels differ in: weights as bytes or halfwords, an even depth multiplier or any. */
typedef struct {
    int32_t bytes;
    int32_t even;
} qmcu_depthwise_kind;

/* Channels of a pixel in the ring. */
static int32_t kept_depth(const qmcu_window *w, qmcu_depthwise_kind kind)
{
    return kind.even ? w->input_depth : output_depth(w);
}

/* Row `y` of the image with its padding; outside the image it is the input zero point. */
static inline void load_row(const qmcu_depthwise_any_dsp_params *p, const int8_t *image, int32_t y,
                            int8_t *row, qmcu_depthwise_kind kind)
{
    const qmcu_window *const w = &p->window;
    const int32_t depth = kept_depth(w, kind);
    if (y < 0 || y >= w->input_height) {
        qmcu_fill_bytes(row, p->input_zero_point, p->row_width * depth);
        return;
    }
    const int32_t room = p->row_width - w->padding_left;
    const int32_t width = room < w->input_width ? room : w->input_width;
    const int8_t *from = image + y * w->input_width * w->input_depth;
    qmcu_fill_bytes(row, p->input_zero_point, w->padding_left * depth);
    row += w->padding_left * depth;
    if (kind.even || w->depth_multiplier == 1) {
        qmcu_copy_bytes(row, from, width * depth);
        row += width * depth;
    } else {
        for (const int8_t *const end = from + width * w->input_depth; from != end; ++from) {
            for (int32_t i = 0; i < w->depth_multiplier; ++i) {
                *row++ = *from;
            }
        }
    }
    qmcu_fill_bytes(row, p->input_zero_point, (room - width) * depth);
}

/* The weights of two taps and four channels: halfwords as they are, or bytes 0 and 2, 1 and 3 of two
   words. */
static inline __attribute__((always_inline)) const uint32_t *
add_weighed(uint32_t x0, uint32_t x1, uint32_t x2, uint32_t x3, const uint32_t *weights,
            int32_t sums[4], qmcu_depthwise_kind kind)
{
    if (kind.bytes) {
        sums[0] = qmcu_smlad(x0, qmcu_sxtb16(weights[0]), sums[0]);
        sums[1] = qmcu_smlad(x1, qmcu_sxtb16_odd(weights[0]), sums[1]);
        sums[2] = qmcu_smlad(x2, qmcu_sxtb16(weights[1]), sums[2]);
        sums[3] = qmcu_smlad(x3, qmcu_sxtb16_odd(weights[1]), sums[3]);
        return weights + 2;
    }
    sums[0] = qmcu_smlad(x0, weights[0], sums[0]);
    sums[1] = qmcu_smlad(x1, weights[1], sums[1]);
    sums[2] = qmcu_smlad(x2, weights[2], sums[2]);
    sums[3] = qmcu_smlad(x3, weights[3], sums[3]);
    return weights + 4;
}

/* Adds two taps of four channels: bytes c of a and of b, times the pair of weights of channel c. */
static inline __attribute__((always_inline)) const uint32_t *
add_pair(uint32_t a, uint32_t b, const uint32_t *weights, int32_t sums[4], qmcu_depthwise_kind kind)
{
    const uint32_t low = qmcu_pack_low(a, b);
    const uint32_t high = qmcu_pack_high(a, b);
    return add_weighed(qmcu_sxtb16(low), qmcu_sxtb16_odd(low), qmcu_sxtb16(high),
                       qmcu_sxtb16_odd(high), weights, sums, kind);
}

/* One pixel: `taps` to `end` are pointers, an even number. */
static inline __attribute__((always_inline)) void
pixel(const qmcu_depthwise_any_dsp_params *p, const int8_t *const *taps, const int8_t *const *end,
      int32_t offset, const uint32_t *weights, const qmcu_any_channel *channel, int8_t *output,
      qmcu_depthwise_kind kind)
{
    const int32_t depth = output_depth(&p->window), shared = p->window.depth_multiplier;
    for (int32_t first = 0; first < depth; first += 4) {
        int32_t sums[4] = {0, 0, 0, 0};
        if (kind.even) {
            const int32_t left = offset + first / shared, right = offset + (first + 2) / shared;
            for (const int8_t *const *tap = taps; tap != end; tap += 2) {
                const uint32_t x = qmcu_pack_low((uint32_t)tap[0][left], (uint32_t)tap[1][left]);
                const uint32_t y = qmcu_pack_low((uint32_t)tap[0][right], (uint32_t)tap[1][right]);
                weights = add_weighed(x, x, y, y, weights, sums, kind);
            }
        } else {
            for (const int8_t *const *tap = taps; tap != end; tap += 2) {
                weights = add_pair(qmcu_load_word(tap[0] + offset + first),
                                   qmcu_load_word(tap[1] + offset + first), weights, sums, kind);
            }
        }
        for (int32_t i = 0; i < 4 && i < depth - first; ++i, ++channel) {
            const int32_t sum = (int32_t)((uint32_t)sums[i] + (uint32_t)channel->bias);
            *output++ = qmcu_any_output(sum, channel, p->output_zero_point);
        }
    }
}

/* Pointers to the taps of the row's first window, filled up to pairs with the last; behind them. */
static inline const int8_t **list_taps(const qmcu_depthwise_any_dsp_params *p, const int8_t *ring,
                                       int32_t top, const int8_t **taps, qmcu_depthwise_kind kind)
{
    const qmcu_window *const w = &p->window;
    for (int32_t row = 0; row < w->kernel_height; ++row) {
        const int8_t *from = ring + (top + row * w->dilation_height) % p->rows * p->row_bytes;
        for (int32_t column = 0; column < w->kernel_width; ++column) {
            *taps++ = from + column * w->dilation_width * kept_depth(w, kind);
        }
    }
    if (w->kernel_height * w->kernel_width % 2 != 0) {
        *taps = taps[-1];
        ++taps;
    }
    return taps;
}

/* The whole layer; weights as the kernel's header says. */
static inline __attribute__((always_inline)) void
qmcu_depthwise_any(const qmcu_depthwise_any_dsp_params *p, const int8_t *input,
                   const uint32_t *weights, const int32_t *channels, void *scratch, int8_t *output,
                   qmcu_depthwise_kind kind)
{
    const qmcu_window *const w = &p->window;
    const int8_t **const taps = scratch;
    int8_t *const ring = (int8_t *)(taps + (w->kernel_height * w->kernel_width + 1) / 2 * 2);
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        /* Rows are counted from the padding above the image. */
        int32_t loaded = 0;
        for (int32_t row = 0; row < w->output_height; ++row) {
            const int32_t top = row * w->stride_height;
            for (loaded = loaded < top ? top : loaded; loaded < top + p->rows; ++loaded) {
                load_row(p, input, loaded - w->padding_top, ring + loaded % p->rows * p->row_bytes,
                         kind);
            }
            const int8_t *const *const end = list_taps(p, ring, top, taps, kind);
            const int32_t step = w->stride_width * kept_depth(w, kind);
            for (int32_t column = 0; column < w->output_width; ++column) {
                pixel(p, taps, end, column * step, weights, (const qmcu_any_channel *)channels,
                      output, kind);
                output += output_depth(w);
            }
        }
        input += w->input_height * w->input_width * w->input_depth;
    }
}

#endif
