/* svdf with the products of the vector extension MVE. */
#include "svdf_mve.h"

#include "dot_mve.h"
#include "mve.h"
#include "svdf_code.h"

void qmcu_svdf_mve(const qmcu_svdf_mve_params *params, const int8_t *input, const int8_t *features,
                   const int32_t *feature_bias, const int8_t *times, const int32_t *bias,
                   int8_t *state, int8_t *output)
{
    qmcu_svdf_by(params, input, features, feature_bias, times, bias, state, output, qmcu_dot_mve,
                 qmcu_mve_copy);
}
