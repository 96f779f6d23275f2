#ifndef QMCU_LOG_SOFTMAX_H
#define QMCU_LOG_SOFTMAX_H

#include <stdint.h>

typedef struct {
    int32_t rows;
    int32_t depth;
    int32_t multiplier; /* from a difference to Q5.26 */
    int32_t shift;
    int32_t reverse_multiplier; /* from Q5.26 to a difference */
    int32_t reverse_shift;
    int32_t minimum_difference;
} qmcu_log_softmax_params;

/* The output may lie exactly over the input. */
void qmcu_log_softmax(const qmcu_log_softmax_params *params, const int8_t *input, int8_t *output);

#endif
