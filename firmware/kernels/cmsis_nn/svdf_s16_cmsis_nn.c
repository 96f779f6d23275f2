#include "svdf_s16_cmsis_nn.h"

#include "svdf_call_cmsis_nn.h"

void qmcu_svdf_s16_cmsis_nn(const qmcu_svdf_s16_cmsis_nn_params *params, const int8_t *input,
                            const int8_t *features, const int16_t *times, const int32_t *bias,
                            int16_t *state, void *scratch, int8_t *output)
{
    const qmcu_svdf_call c = qmcu_svdf_call_of(params, scratch, INT16_MIN, INT16_MAX);
    (void)arm_svdf_state_s16_s8(&c.sums, &c.units, &c.settings, &c.into, &c.out_of, &c.source,
                                input, &c.state, state, &c.features, features, &c.times, times,
                                &c.biases, bias, &c.target, output);
}
