/* Four columns times all filters: the inner loops of convolution. */
#ifndef QMCU_MULTIPLY_FOUR_DSP_H
#define QMCU_MULTIPLY_FOUR_DSP_H

#include <stdint.h>

/* What multiply needs besides the filters; in the order in which it goes to the stack. */
typedef struct {
    int32_t offsets[3]; /* of the outputs of columns 1 to 3; where 0, column 0 is written later */
    int8_t *output;
    const uint32_t *columns;
    const uint32_t *columns_end;
    int32_t count;       /* of filters */
    int32_t first_round; /* bytes of code of its steps, behind the first of all */
} qmcu_four_run;

typedef void qmcu_multiply_four(const qmcu_four_run *run, const int32_t *filters);

/* `one` multiplies column 0 alone, which is there as column 1 too. */
typedef struct {
    qmcu_multiply_four *four;
    qmcu_multiply_four *one;
} qmcu_four_multiplier;

/* columns: for every 4 values of a window six words, as columns_four_dsp.h lays them out.
   filters: for each two filters a word twice that the sums begin with; for every 4 values a word of
   either; then of either multiplier, rounding and shift, as in qmcu_channel. */
void qmcu_multiply_four_dsp(const qmcu_four_run *run, const int32_t *filters);
void qmcu_multiply_one_dsp(const qmcu_four_run *run, const int32_t *filters);

#endif
