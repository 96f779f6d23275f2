#include "rows_scalar.h"

#include "uses_scalar.h"

/* By words where both ends lie on words: Cortex-M0+ reads no others. */
static __attribute__((noinline)) void copy(int8_t *to, const int8_t *from, int32_t count)
{
    if ((((uintptr_t)to | (uintptr_t)from) & 3u) == 0) {
        uint32_t *target = (uint32_t *)(void *)to;
        const uint32_t *source = (const uint32_t *)(const void *)from;
        for (; count >= 16; count -= 16) {
            const uint32_t a = source[0], b = source[1], c = source[2], d = source[3];
            target[0] = a;
            target[1] = b;
            target[2] = c;
            target[3] = d;
            source += 4;
            target += 4;
        }
        to = (int8_t *)target;
        from = (const int8_t *)source;
    }
    for (; count >= 4; count -= 4) {
        const int8_t a = from[0], b = from[1], c = from[2], d = from[3];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
        from += 4;
        to += 4;
    }
    for (; count > 0; --count) {
        *to++ = *from++;
    }
}

static __attribute__((noinline)) void fill(int8_t *to, int32_t value, int32_t count)
{
    for (; count > 0; --count) {
        *to++ = (int8_t)value;
    }
}

/* Row `y` of the image with its padding; outside the image it is the input zero point. */
static void load_row(const qmcu_row_walk *walk, const int8_t *image, int32_t y, int8_t *to)
{
    const qmcu_window *const w = walk->window;
    const int32_t row_bytes = walk->rows->row_bytes;
    const int32_t left = w->padding_left * w->input_depth;
    int32_t count = w->input_width * w->input_depth;
    if (y < 0 || y >= w->input_height) {
        fill(to, walk->input_zero_point, row_bytes);
        return;
    }
    if (count > row_bytes - left) {
        count = row_bytes - left;
    }
    fill(to, walk->input_zero_point, left);
    copy(to + left, image + y * w->input_width * w->input_depth, count);
    fill(to + left + count, walk->input_zero_point, row_bytes - left - count);
}

/* What the windows of the output rows from `row` on span; rows that lie in the image as they do here are
   copied at once. */
static void load_rows(const qmcu_row_walk *walk, const int8_t *image, int32_t row)
{
    const qmcu_window *const w = walk->window;
    const qmcu_rows *const r = walk->rows;
    const int32_t step = r->together * w->stride_height, row_bytes = r->row_bytes;
    const int32_t alike = w->padding_left == 0 && row_bytes == w->input_width * w->input_depth;
    int8_t *const rows = walk->scratch;
    int32_t kept = row > 0 && r->count > step ? r->count - step : 0;
    copy(rows, rows + step * row_bytes, kept * row_bytes);
    for (int32_t some = 1; kept < r->count; kept += some) {
        const int32_t y = row * w->stride_height - w->padding_top + kept;
        some = 1;
        if (QMCU_USES_ALIKE_ROWS &&
            (!QMCU_USES_BORDERS || (alike && y >= 0 && y < w->input_height))) {
            const int32_t left = w->input_height - y;
            some = r->count - kept < left ? r->count - kept : left;
            copy(rows + kept * row_bytes, image + y * row_bytes, some * row_bytes);
        } else {
            load_row(walk, image, y, rows + kept * row_bytes);
        }
    }
}

/* The pixels of `count` output rows, of which the first one's windows begin at `row`; `direction` -1: at
   the last pixel, and the others before it. */
static int8_t *compute_rows(const qmcu_row_walk *walk, const int8_t *row, int32_t count,
                            int8_t *output, int32_t direction)
{
    const qmcu_window *const w = walk->window;
    const int32_t step = direction * w->stride_width * w->input_depth;
    const int32_t output_step = direction * walk->output_depth;
    const int8_t *windows[4];
    int8_t *outputs[4];
    int32_t pixels = 0;
    for (; count > 0; --count) {
        const int8_t *window = row;
        for (int32_t column = w->output_width; column > 0; --column) {
            windows[pixels] = window;
            outputs[pixels] = output;
            window += step;
            output += output_step;
            if (++pixels == 4) {
                walk->compute(walk->layer, windows, outputs);
                pixels = 0;
            }
        }
        row += w->stride_height * walk->rows->row_bytes;
    }
    if (QMCU_USES_PIXELS_LEFT && pixels > 0) {
        for (; pixels < 4; ++pixels) {
            windows[pixels] = windows[0];
            outputs[pixels] = outputs[0];
        }
        walk->compute(walk->layer, windows, outputs);
    }
    return output;
}

void qmcu_walk_rows_scalar(const qmcu_row_walk *walk, const int8_t *input, int8_t *output)
{
    const qmcu_window *const w = walk->window;
    const qmcu_rows *const r = walk->rows;
    int32_t direction = 1;
    if (QMCU_USES_BACKWARD && r->count < 0) {
        const int32_t last = w->output_width - 1;
        input += last * w->input_depth;
        output += last * walk->output_depth;
        direction = -1;
    }
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t row = 0; row < w->output_height; row += r->together) {
            const int32_t left = w->output_height - row;
            const int8_t *rows = input + row * w->stride_height * r->row_bytes;
            if (QMCU_USES_COPIED_ROWS && r->count > 0) {
                load_rows(walk, input, row);
                rows = walk->scratch;
            }
            output = compute_rows(walk, rows, left < r->together ? left : r->together, output,
                                  direction);
        }
        input += w->input_height * w->input_width * w->input_depth;
    }
}
