/* svdf for cores without the DSP extension. */
#include "regions.h"

#include "svdf_scalar.h"

#define QMCU_SVDF_STATE 8
#include "svdf_code_scalar.h"

void qmcu_svdf_scalar(const qmcu_svdf_scalar_params *params, const int8_t *input,
                      const int8_t *features, const int32_t *feature_bias, const int8_t *times,
                      const int32_t *bias, int8_t *state, int8_t *output)
{
    svdf_by_features(params, input, features, feature_bias, times, bias, state, output);
}
