#ifndef QMCU_SIGNAL_OVERLAP_ADD_F32_H
#define QMCU_SIGNAL_OVERLAP_ADD_F32_H

#include <stdint.h>

typedef struct {
    int32_t outer;
    int32_t frames;
    int32_t size;
    int32_t step;
} qmcu_signal_overlap_add_f32_params;

/* `kept` holds the sums that are not, for each outer dimension, from one inference to the next. */
void qmcu_signal_overlap_add_f32(const qmcu_signal_overlap_add_f32_params *params,
                                 const float *input, float *kept, float *output);

#endif
