/* One input times four filters, two of them in a halfword. */
#ifndef QMCU_DOT_4_PAIR_DSP_H
#define QMCU_DOT_4_PAIR_DSP_H

#include <stdint.h>

/* sums: at first those that the products are added to, as sum0 + 256 * sum1, sum0, sum2 + 256 * sum3
   and sum2, modulo 2^32; then the four sums, each of at most 24 bits. A step is 4 values of the
   input, aligned to words; weights hold for each step the halfwords of values 0 and 2 of the first two
   filters, then of the others, then those of values 1 and 3. 65 instructions for 64 products. */
void qmcu_dot_4_pair_dsp(const int8_t *input, const int8_t *weights, int32_t steps, int32_t *sums);

#endif
