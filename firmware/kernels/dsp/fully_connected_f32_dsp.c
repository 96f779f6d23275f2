#include "fully_connected_f32_dsp.h"

#include "filters_f32_dsp.h"

void qmcu_fully_connected_f32_dsp(const qmcu_fully_connected_f32_dsp_params *params,
                                  const float *input, const float *weights, const float *bias,
                                  float *output)
{
    const qmcu_fully_connected_f32_params *const p = params;
    const qmcu_filters_f32 filters = {p->output_depth, p->input_depth, p->activation_minimum,
                                      p->activation_maximum};
    const qmcu_runs_f32 runs = {.rows = 1, .runs = 1, .length = p->input_depth};
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        qmcu_filters_f32_dsp(&filters, &runs, input + batch * p->input_depth, weights, bias,
                             output + batch * p->output_depth);
    }
}
