#ifndef QMCU_MULTIPLY_INT4_DSP_H
#define QMCU_MULTIPLY_INT4_DSP_H
#include "multiply_run_dsp.h"

/* Four filters; sums start with bias0, + 16 * bias1, + 256 * bias2, + 4096 * bias3. */
typedef struct {
    int32_t sums[4];
    int32_t requantization[4][3]; /* multiplier, rounding and shift of int4_dsp.h */
} qmcu_int4_quad;

/* columns: as for multiply_pair_dsp.h; run->pairs are qmcu_int4_quad. weights: for each four filters
   and each 8 values, 8 halfwords, of the values 1, 3, 4, 6, 5, 7, 0, 2 of four filters each:
   (w0 + 8) + 16 * (w1 + 8) + 256 * (w2 + 8) + 4096 * w3. */
void qmcu_multiply_int4_dsp(const qmcu_multiply_run *run, const int16_t *weights);
#define QMCU_INT4_STEP_CODE 202 /* bytes */

#endif
