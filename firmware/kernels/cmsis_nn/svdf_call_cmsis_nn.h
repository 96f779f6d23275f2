/* The structs that both of the library's SVDF functions take, from the parameters of ours. */
#ifndef QMCU_SVDF_CALL_CMSIS_NN_H
#define QMCU_SVDF_CALL_CMSIS_NN_H

#include "arm_nnfunctions.h"
#include "svdf_cmsis_nn.h"

typedef struct {
    cmsis_nn_context sums;
    cmsis_nn_context units;
    cmsis_nn_svdf_params settings;
    cmsis_nn_per_tensor_quant_params into;
    cmsis_nn_per_tensor_quant_params out_of;
    cmsis_nn_dims source;
    cmsis_nn_dims state;
    cmsis_nn_dims features;
    cmsis_nn_dims times;
    cmsis_nn_dims biases;
    cmsis_nn_dims target;
} qmcu_svdf_call;

static inline qmcu_svdf_call qmcu_svdf_call_of(const qmcu_svdf_cmsis_nn_params *p, void *scratch,
                                               int32_t minimum, int32_t maximum)
{
    const int32_t filters = p->units * p->rank;
    return (qmcu_svdf_call){
        .sums = {scratch, 0},
        .units = {(int32_t *)scratch + p->batches * filters, 0},
        .settings = {.rank = p->rank,
                     .input_offset = p->input_zero_point,
                     .output_offset = p->output_zero_point,
                     .input_activation = {minimum, maximum},
                     .output_activation = {INT8_MIN, INT8_MAX}},
        .into = {p->state_multiplier, p->state_shift},
        .out_of = {p->output_multiplier, p->output_shift},
        .source = {p->batches, p->input_depth, 1, 1},
        .state = {p->batches, p->memory * filters, 1, 1},
        .features = {filters, p->input_depth, 1, 1},
        .times = {filters, p->memory, 1, 1},
        .biases = {p->units, 1, 1, 1},
        .target = {p->batches, p->units, 1, 1},
    };
}

#endif
