#include "svdf_cmsis_nn.h"

#include "svdf_call_cmsis_nn.h"

void qmcu_svdf_cmsis_nn(const qmcu_svdf_cmsis_nn_params *params, const int8_t *input,
                        const int8_t *features, const int32_t *feature_bias, const int8_t *times,
                        const int32_t *bias, int8_t *state, void *scratch, int8_t *output)
{
    const cmsis_nn_context context = {(void *)(uintptr_t)feature_bias, 0};
    const qmcu_svdf_call c = qmcu_svdf_call_of(params, scratch, INT8_MIN, INT8_MAX);
    (void)arm_svdf_s8(&context, &c.sums, &c.units, &c.settings, &c.into, &c.out_of, &c.source,
                      input, &c.state, state, &c.features, features, &c.times, times, &c.biases,
                      bias, &c.target, output);
}
