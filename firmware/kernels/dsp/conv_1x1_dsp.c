#include "conv_1x1_dsp.h"
#include "dsp.h"

/* One pixel's bytes as every second pair of words. Bytes beyond the pixel meet zero weights. */
static inline void lay_out(const int8_t *from, int32_t steps, uint32_t *to)
{
    do {
        const uint32_t a = qmcu_load_word(from), b = qmcu_load_word(from + 4);
        from += 8;
        to[0] = qmcu_sxtb16(a);
        to[1] = qmcu_sxtb16_odd(a);
        to[4] = qmcu_sxtb16(b);
        to[5] = qmcu_sxtb16_odd(b);
        to += 8;
    } while (--steps);
}

/* The last two pixels first: then outputs deeper than the input may be written over it. */
static void backward(const qmcu_conv_1x1_dsp_params *p, const int8_t *input, const int16_t *weights,
                     qmcu_multiply_run *run, qmcu_multiplier multiplier)
{
    uint32_t *const columns = (uint32_t *)run->columns;
    int32_t pixel = p->pixels;
    if (pixel & 1) { /* one pixel alone: what column 1 gives is written first, then overwritten */
        --pixel;
        lay_out(input + pixel * p->input_depth, p->steps, columns);
        run->output += pixel * p->output_depth;
        run->output_depth = 0;
        multiplier.multiply(run, weights);
        run->output -= pixel * p->output_depth;
        run->output_depth = p->output_depth;
    }
    input += pixel * p->input_depth;
    run->output += pixel * p->output_depth;
    for (; pixel; pixel -= 2) {
        input -= p->input_depth;
        lay_out(input, p->steps, columns + 2);
        input -= p->input_depth;
        lay_out(input, p->steps, columns);
        run->output -= 2 * p->output_depth;
        multiplier.multiply(run, weights);
    }
}

void qmcu_conv_1x1_dsp(const qmcu_conv_1x1_dsp_params *p, const int8_t *input,
                       const int16_t *weights, const int32_t *pairs, void *scratch, int8_t *output,
                       qmcu_multiplier multiplier)
{
    uint32_t *const columns = scratch;
    qmcu_multiply_run run = {output,
                             (const qmcu_filter_pair *)pairs,
                             p->output_depth,
                             columns,
                             columns + 8 * p->steps,
                             p->output_depth,
                             qmcu_first_round(p->steps, multiplier.step_code)};
    int32_t pending = 0;
    if (p->backward) {
        backward(p, input, weights, &run, multiplier);
        return;
    }
    for (int32_t row = 0; row < p->rows; ++row) {
        for (int32_t pixel = 0; pixel < p->pixels; ++pixel) {
            lay_out(input, p->steps, columns + 2 * pending);
            input += p->pixel_step;
            pending ^= 1;
            if (!pending) {
                multiplier.multiply(&run, weights);
                run.output += 2 * p->output_depth;
            }
        }
        input += p->row_step;
    }
    if (pending) { /* the second column is old: its results are written first, then overwritten */
        run.output_depth = 0;
        multiplier.multiply(&run, weights);
    }
}
