#ifndef QMCU_WINOGRAD_MULTIPLY_DSP_H
#define QMCU_WINOGRAD_MULTIPLY_DSP_H
#include <stdint.h>

/* One output channel; bias is 36 times the sum's (mod 2^32), for the product that all outputs have 16
   times. */
typedef struct {
    int32_t bias, multiplier, rounding, shift;
} qmcu_winograd_filter;

/* Where the 16 outputs of one filter and one tile go. */
typedef struct {
    int8_t *output;
    int32_t depth;    /* from one pixel to the next */
    int32_t next_row; /* from the second pixel of a row to the first of the next */
    const qmcu_winograd_filter *filter;
} qmcu_winograd_slot;

#define QMCU_WINOGRAD_POSITIONS 36
#define QMCU_WINOGRAD_STEP_CODE 84
#define QMCU_WINOGRAD_MAX_STEPS 8 /* of 8 channels */

/* The 36 products of 4 filters and a tile. values: for each position and step of 8 channels 4
   words; weights: for each position, step and word the halfwords of 4 filters. Positions come last
   to first. skipped is QMCU_WINOGRAD_STEP_CODE * (QMCU_WINOGRAD_MAX_STEPS - steps). Four slots, one
   for each filter. */
void qmcu_winograd_multiply_dsp(const uint32_t *values, const int16_t *weights,
                                const uint32_t *values_end, int32_t skipped,
                                const qmcu_winograd_slot *slots);
#endif
