/* What one run of a matrix multiplication by pairs of filters needs besides the weights. */
#ifndef QMCU_MULTIPLY_RUN_DSP_H
#define QMCU_MULTIPLY_RUN_DSP_H

#include <stdint.h>

/* Two filters: sums come as joint = sum0 + 256 * sum1 (mod 2^32) and sum0. */
typedef struct {
    int32_t multiplier0, rounding0, shift0;
    int32_t multiplier1, rounding1, shift1;
    int32_t joint_bias; /* bias0 + 256 * bias1 */
    int32_t bias0;
} qmcu_filter_pair;

/* What multiply needs besides weights; in the order in which it goes to the stack. */
typedef struct {
    int8_t *output;
    const qmcu_filter_pair *pairs;
    int32_t output_depth; /* distance of the second column's outputs */
    const uint32_t *columns;
    const uint32_t *columns_end;
    int32_t filters;
    int32_t first_round; /* bytes of code of the first round's steps */
} qmcu_multiply_run;

/* Multiplies two columns by all filters; step_code is the size of one step's code in bytes. */
typedef struct {
    void (*multiply)(const qmcu_multiply_run *run, const int16_t *weights);
    int32_t step_code;
} qmcu_multiplier;

/* How far from the end of the unrolled code the first round starts. */
static inline int32_t qmcu_first_round(int32_t steps, int32_t step_code)
{
    return (((steps - 1) & 3) + 1) * step_code;
}

#endif
