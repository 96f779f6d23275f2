#ifndef QMCU_AVERAGE_ALL_DSP_H
#define QMCU_AVERAGE_ALL_DSP_H
#include <stdint.h>
typedef struct {
    int32_t batches;
    int32_t pixels; /* at most 32767 / 128 * 257, see exactness in pack.py */
    int32_t depth;  /* a multiple of 4 */
} qmcu_average_all_dsp_params;
/* Average over all pixels (AVERAGE_POOL_2D with one output pixel), ties away from zero; at most 255
   pixels keep the sums in halfwords, more are taken in parts. */
void qmcu_average_all_dsp(const qmcu_average_all_dsp_params *params, const int8_t *input,
                          int8_t *output);
#endif
