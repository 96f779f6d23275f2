/* svdf with the products of the DSP extension. */
#include "svdf_dsp.h"

#include "copy_dsp.h"
#include "dot_dsp.h"
#include "svdf_code.h"

void qmcu_svdf_dsp(const qmcu_svdf_dsp_params *params, const int8_t *input, const int8_t *features,
                   const int32_t *feature_bias, const int8_t *times, const int32_t *bias,
                   int8_t *state, int8_t *output)
{
    qmcu_svdf_by(params, input, features, feature_bias, times, bias, state, output, qmcu_dot_dsp,
                 qmcu_copy_bytes);
}
