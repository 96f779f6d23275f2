/* Outputs of a vector times filters, four filters at a time. */
#ifndef QMCU_OUTPUTS_SCALAR_H
#define QMCU_OUTPUTS_SCALAR_H

#include "output_scalar.h"

/* Filters that lie behind each other, their constants and outputs. */
typedef struct {
    const int8_t *input;
    const int8_t *weights;
    int32_t depth;
    qmcu_output_channels channels;
    int8_t *output;
    qmcu_output_limits limits;
    int32_t fours; /* of filters, at least one */
} qmcu_outputs;

/* Moves all places in `outputs` behind what it computes. */
void qmcu_outputs_scalar(qmcu_outputs *outputs);

#endif
