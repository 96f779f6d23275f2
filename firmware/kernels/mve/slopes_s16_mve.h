#ifndef QMCU_SLOPES_S16_MVE_H
#define QMCU_SLOPES_S16_MVE_H

#include <stdint.h>

/* As qmcu_requantize scales; `right` is the shift, 0 or less, behind one to the left. */
typedef struct {
    int32_t multiplier;
    int32_t left;
    int32_t right;
} qmcu_slope_s16_mve;

typedef struct {
    int32_t size;
    int32_t maximum; /* of outputs */
    qmcu_slope_s16_mve positive;
    qmcu_slope_s16_mve negative;
} qmcu_slopes_s16_mve_params;

/* Values times one number, or another where they are negative. The output may lie exactly over the
   input. */
void qmcu_slopes_s16_mve(const qmcu_slopes_s16_mve_params *params, const int16_t *input,
                         int16_t *output);

#endif
