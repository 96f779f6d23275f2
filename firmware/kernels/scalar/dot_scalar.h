/* Four sums of products at a time, for cores without the DSP extension: each byte of one run meets a
   byte of each of four others, and the sums stay in registers. */
#ifndef QMCU_DOT_SCALAR_H
#define QMCU_DOT_SCALAR_H

#include <stdint.h>

/* sums[i] += sum over k of one[k] * four[i * step + k], modulo 2^32; count is at least 1. */
void qmcu_dot_scalar(const int8_t *one, const int8_t *four, int32_t step, int32_t count,
                     uint32_t sums[4]);

#endif
