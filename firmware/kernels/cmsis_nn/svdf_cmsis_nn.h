#ifndef QMCU_SVDF_CMSIS_NN_H
#define QMCU_SVDF_CMSIS_NN_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t units;
    int32_t rank; /* filters of a unit */
    int32_t input_depth;
    int32_t memory; /* values that a filter remembers */
    int32_t state_multiplier;
    int32_t state_shift;
    int32_t state_zero_point; /* 0 */
    int32_t output_multiplier;
    int32_t output_shift;
    int32_t output_zero_point;
    int32_t input_zero_point;
} qmcu_svdf_cmsis_nn_params;

/* svdf.h by CMSIS-NN, which on MVE cores takes feature_bias and else input_zero_point; scratch holds
   an int32_t for each filter and each unit of each batch. */
void qmcu_svdf_cmsis_nn(const qmcu_svdf_cmsis_nn_params *params, const int8_t *input,
                        const int8_t *features, const int32_t *feature_bias, const int8_t *times,
                        const int32_t *bias, int8_t *state, void *scratch, int8_t *output);

#endif
