#include "small.h"

#include "four_pixels_dsp.h"

#include "multiply_four_code_dsp.h"

static void set_offsets(qmcu_four_pixels *f, int32_t pixels)
{
    f->run.offsets[0] = pixels > 1 ? f->depth : 0;
    f->run.offsets[1] = pixels > 2 ? 2 * f->depth : 0;
    f->run.offsets[2] = pixels > 3 ? 3 * f->depth : 0;
}

void qmcu_four_begin(qmcu_four_pixels *f, int8_t *output)
{
    f->words = f->window.rows * f->window.words;
    const int32_t steps = f->words + (f->lasts ? (f->window.rows + 3) / 4 : 0);
    f->run.output = output;
    set_offsets(f, 4);
    f->run.columns = f->columns;
    f->run.columns_end = f->columns + 6 * steps;
    f->run.count = f->depth;
    f->run.first_round = steps > 1 ? (((steps - 2) & 3) + 1) * QMCU_FOUR_STEP_CODE : 0;
    f->pending = 0;
}

static void multiply(qmcu_four_pixels *f)
{
    f->multiplier.four(&f->run, f->filters);
    f->run.output += 4 * f->depth;
    f->pending = 0;
}

/* One window, of `column`, or where that is less than 0 four. */
static void lay_out(const qmcu_four_pixels *f, const int8_t *from, int32_t column)
{
    if (column < 0) {
        qmcu_columns_four_dsp(f->columns, from, f->step, &f->window);
    } else {
        qmcu_column_of_four_dsp(f->columns, from, column, &f->window);
    }
    if (f->lasts) {
        f->lasts(f->columns + 6 * f->words, from, f->step, column, &f->window);
    }
}

void qmcu_four_row(qmcu_four_pixels *f, const int8_t *from, int32_t count)
{
    do {
        const int32_t pixels = f->pending == 0 && count >= 4 ? 4 : 1;
        lay_out(f, from, pixels == 4 ? -1 : f->pending);
        from += pixels * f->step;
        count -= pixels;
        f->pending += pixels;
        if (f->pending == 4) {
            multiply(f);
        }
    } while (count > 0);
}

/* The last window fills up the four; its outputs are written where column 0 overwrites them. */
void qmcu_four_end(qmcu_four_pixels *f, const int8_t *last)
{
    if (f->pending == 0) {
        return;
    }
    if (f->pending == 1) {
        lay_out(f, last, 1);
        f->multiplier.one(&f->run, f->filters);
        f->run.output += f->depth;
        f->pending = 0;
        return;
    }
    set_offsets(f, f->pending);
    while (f->pending < 4) {
        lay_out(f, last, f->pending);
        f->pending++;
    }
    multiply(f);
    set_offsets(f, 4);
}
