#ifndef QMCU_SIGNAL_OVERLAP_ADD_S16_H
#define QMCU_SIGNAL_OVERLAP_ADD_S16_H

#include <stdint.h>

typedef struct {
    int32_t outer;
    int32_t frames;
    int32_t size;
    int32_t step;
} qmcu_signal_overlap_add_s16_params;

/* `kept` holds the sums that are not, for each outer dimension, from one inference to the next. */
void qmcu_signal_overlap_add_s16(const qmcu_signal_overlap_add_s16_params *params,
                                 const int16_t *input, int16_t *kept, int16_t *output);

#endif
