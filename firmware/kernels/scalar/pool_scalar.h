/* The windows of a pooling layer, one after the other. */
#ifndef QMCU_POOL_SCALAR_H
#define QMCU_POOL_SCALAR_H

#include "pool.h"
#include "pool_taps.h"
#include "uses_scalar.h"

/* The sign of each byte of a word. */
#define QMCU_SIGNS 0x80808080u

/* Cortex-M0+ takes words from whole addresses alone. */
#if defined(__ARM_ARCH_6M__)
#define QMCU_WHOLE 3u
typedef struct {
    uint32_t value;
} __attribute__((may_alias)) qmcu_word;
#else
#define QMCU_WHOLE 0u
typedef struct {
    uint32_t value;
} __attribute__((may_alias, packed)) qmcu_word;
#endif

/* The part of a window that lies inside the image. */
typedef struct {
    const int8_t *first;
    int32_t rows;
    int32_t columns;
} qmcu_pool_window;

/* Computes the channels of one pixel. */
typedef void qmcu_pool_pixel(const qmcu_pool_params *params, const qmcu_pool_window *window,
                             int8_t *output);

static inline qmcu_taps qmcu_pool_taps(int32_t origin, int32_t count, int32_t size)
{
    return qmcu_pool_taps_by(origin, count, size, QMCU_USES_POOL_BORDERS);
}

static inline __attribute__((always_inline)) void qmcu_walk_pool(const qmcu_pool_params *p,
                                                                 const int8_t *input,
                                                                 int8_t *output,
                                                                 qmcu_pool_pixel *pixel)
{
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int32_t y = row * p->stride_height - p->padding_top;
            const qmcu_taps rows = qmcu_pool_taps(y, p->kernel_height, p->input_height);
            for (int32_t column = 0; column < p->output_width; ++column) {
                const int32_t x = column * p->stride_width - p->padding_left;
                const qmcu_taps columns = qmcu_pool_taps(x, p->kernel_width, p->input_width);
                const int32_t at = (y + rows.first) * p->input_width + x + columns.first;
                const qmcu_pool_window window = {input + at * p->depth, qmcu_taps_count(rows),
                                                 qmcu_taps_count(columns)};
                pixel(p, &window, output);
                output += p->depth;
            }
        }
        input += p->input_height * p->input_width * p->depth;
    }
}

#endif
