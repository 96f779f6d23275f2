/* Convolution by windows as columns of halfwords, two at a time, times all filters. The input rows
   that a window spans are kept with their padding, so that there are no borders, and the output may
   go over the input. */
#include "conv_2d_rows_dsp.h"

#include "dsp.h"

static void fill(int8_t *to, int32_t value, int32_t count)
{
    for (; count > 0; --count) {
        *to++ = (int8_t)value;
    }
}

/* Words at any address; up to 3 bytes more than count. */
static inline void copy_words(int8_t *to, const int8_t *from, int32_t count)
{
    for (; count > 12; count -= 16) {
        const uint32_t a = qmcu_load_word(from), b = qmcu_load_word(from + 4),
                       c = qmcu_load_word(from + 8), d = qmcu_load_word(from + 12);
        qmcu_store_word(to, a);
        qmcu_store_word(to + 4, b);
        qmcu_store_word(to + 8, c);
        qmcu_store_word(to + 12, d);
        from += 16;
        to += 16;
    }
    for (; count > 0; count -= 4) {
        qmcu_store_word(to, qmcu_load_word(from));
        from += 4;
        to += 4;
    }
}

/* The same out of line, for what is copied once a row. */
static __attribute__((noinline)) void move_words(int8_t *to, const int8_t *from, int32_t count)
{
    copy_words(to, from, count);
}

/* An input row with its padding. */
static void copy_row(const qmcu_conv_2d_rows_dsp_params *p, const int8_t *image, int32_t y,
                     int8_t *to)
{
    const int32_t left = p->padding_left * p->input_depth;
    int32_t count = p->input_width * p->input_depth;
    if (y < 0 || y >= p->input_height) {
        fill(to, p->input_zero_point, p->row_bytes);
        return;
    }
    if (count > p->row_bytes - left) {
        count = p->row_bytes - left;
    }
    fill(to, p->input_zero_point, left);
    const int8_t *from = image + y * p->input_width * p->input_depth;
    int32_t i = count & ~3;
    move_words(to + left, from, i);
    for (; i < count; ++i) {
        to[left + i] = from[i];
    }
    fill(to + left + count, p->input_zero_point, p->row_bytes - left - count);
}

static inline uint32_t *expand_word(const int8_t *from, uint32_t *to)
{
    const uint32_t a = qmcu_load_word(from);
    to[0] = qmcu_sxtb16(a);
    to[1] = qmcu_sxtb16_odd(a);
    return to + 4;
}

/* Words of bytes to every second pair of words. */
static inline uint32_t *expand(const int8_t *from, int32_t words, uint32_t *to)
{
    for (; words >= 4; words -= 4) {
        const uint32_t a = qmcu_load_word(from), b = qmcu_load_word(from + 4),
                       c = qmcu_load_word(from + 8), d = qmcu_load_word(from + 12);
        from += 16;
        to[0] = qmcu_sxtb16(a);
        to[1] = qmcu_sxtb16_odd(a);
        to[4] = qmcu_sxtb16(b);
        to[5] = qmcu_sxtb16_odd(b);
        to[8] = qmcu_sxtb16(c);
        to[9] = qmcu_sxtb16_odd(c);
        to[12] = qmcu_sxtb16(d);
        to[13] = qmcu_sxtb16_odd(d);
        to += 16;
    }
    for (; words > 0; --words) {
        to = expand_word(from, to);
        from += 4;
    }
    return to;
}

/* A byte, extended. */
static inline uint32_t load_byte(const int8_t *from)
{
    return (uint32_t)(int32_t)*from;
}

/* 3x3 of 3 channels: the first 8 values of each row, then the three that are left. */
static inline void lay_out_3x3x3(const int8_t *from, int32_t row_bytes, uint32_t *to)
{
    const int8_t *const second = from + row_bytes, *const third = second + row_bytes;
    to = expand_word(from + 4, expand_word(from, to));
    to = expand_word(second + 4, expand_word(second, to));
    to = expand_word(third + 4, expand_word(third, to));
    to[0] = qmcu_pack_low(load_byte(from + 8), load_byte(second + 8));
    to[1] = load_byte(third + 8);
}

/* The last value of each row, where rows are whole words and one more: two rows in a halfword pair. */
static void lay_out_last(const int8_t *from, int32_t row_bytes, int32_t rows, uint32_t *to)
{
    for (int32_t step = 1;; step ^= 2) {
        uint32_t values = load_byte(from);
        if (rows > 1) {
            values = qmcu_pack_low(values, load_byte(from + row_bytes));
        }
        *to = values;
        to += step;
        rows -= 2;
        if (rows <= 0) {
            return;
        }
        from += 2 * row_bytes;
    }
}

/* Weights are in the same order, that of window_order in the compiler: rows are filled up to words
   where that takes no step more. Not inlined: what it keeps in registers costs the other windows. */
__attribute__((noinline)) static void lay_out_rows(const qmcu_conv_2d_rows_dsp_params *p,
                                                   const int8_t *from, uint32_t *column,
                                                   int8_t *bytes)
{
    const int32_t run = p->kernel_width * p->input_depth, row_bytes = p->row_bytes;
    int32_t rows = p->kernel_height, words = (run + 3) / 4;
    const int32_t filled = words * rows <= 2 * p->steps;
    if (!filled && run % 4 == 1) {
        lay_out_last(from + run - 1, row_bytes, rows, column + run / 4 * rows * 4);
        words = run / 4;
    } else if (!filled) {
        int8_t *to = bytes;
        do {
            copy_words(to, from, run);
            to += run;
            from += row_bytes;
        } while (--rows);
        from = bytes;
        rows = 1;
        words = 2 * p->steps;
    }
    if (words == 1) {
        do {
            column = expand_word(from, column);
            from += row_bytes;
        } while (--rows);
    } else if (words == 2) {
        do {
            column = expand_word(from + 4, expand_word(from, column));
            from += row_bytes;
        } while (--rows);
    } else {
        do {
            column = expand(from, words, column);
            from += row_bytes;
        } while (--rows);
    }
}

static void lay_out(const qmcu_conv_2d_rows_dsp_params *p, const int8_t *from, uint32_t *column,
                    int8_t *bytes)
{
    if (p->kernel_width * p->input_depth == 9 && p->kernel_height == 3) {
        lay_out_3x3x3(from, p->row_bytes, column);
    } else {
        lay_out_rows(p, from, column, bytes);
    }
}

void qmcu_conv_2d_rows_dsp(const qmcu_conv_2d_rows_dsp_params *p, const int8_t *input,
                           const int16_t *weights, const int32_t *pairs, void *scratch,
                           int8_t *output, qmcu_multiplier multiplier)
{
    uint32_t *const columns = scratch;
    uint32_t *const columns_end = columns + 8 * p->steps;
    int8_t *const rows = (int8_t *)columns_end;
    int8_t *const bytes = rows + p->kernel_height * p->row_bytes;
    const int32_t kept = (p->kernel_height - p->stride_height) * p->row_bytes;
    qmcu_multiply_run run = {output,
                             (const qmcu_filter_pair *)pairs,
                             p->output_depth,
                             columns,
                             columns_end,
                             p->output_depth,
                             qmcu_first_round(p->steps, multiplier.step_code)};
    int32_t pending = 0;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        int32_t y = -p->padding_top;
        for (int32_t i = 0; i < p->kernel_height; ++i) {
            copy_row(p, input, y++, rows + i * p->row_bytes);
        }
        for (int32_t row = 0; row < p->output_height; ++row) {
            const int8_t *from = rows;
            for (int32_t column = 0; column < p->output_width; ++column) {
                lay_out(p, from, columns + 2 * pending, bytes);
                from += p->stride_width * p->input_depth;
                pending ^= 1;
                if (!pending) {
                    multiplier.multiply(&run, weights);
                    run.output += 2 * p->output_depth;
                }
            }
            if (row + 1 < p->output_height) {
                move_words(rows, rows + p->stride_height * p->row_bytes, kept);
                for (int32_t i = 0; i < p->stride_height; ++i) {
                    copy_row(p, input, y++, rows + kept + i * p->row_bytes);
                }
            }
        }
        input += p->input_height * p->input_width * p->input_depth;
    }
    if (pending) { /* the second column is old: its results are written first, then overwritten */
        run.output_depth = 0;
        multiplier.multiply(&run, weights);
    }
}
