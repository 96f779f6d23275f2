/* svdf_code.h says what it computes. */
#include "svdf.h"

#include "accumulate.h"
#include "svdf_code.h"

void qmcu_svdf(const qmcu_svdf_params *params, const int8_t *input, const int8_t *features,
               const int32_t *feature_bias, const int8_t *times, const int32_t *bias, int8_t *state,
               int8_t *output)
{
    qmcu_svdf_by(params, input, features, feature_bias, times, bias, state, output, qmcu_dot,
                 qmcu_move_plain);
}
