/* fully_connected_s16 with sums of 32 bits as long as they are enough. */
#include "fully_connected_s16_scalar.h"

#include "dot_s16_scalar.h"
#include "fully_connected_s16_code.h"

void qmcu_fully_connected_s16_scalar(const qmcu_fully_connected_s16_scalar_params *params,
                                     const int16_t *input, const int8_t *weights,
                                     const int64_t *bias, const int32_t *multipliers,
                                     const int8_t *shifts, int16_t *output)
{
    qmcu_fully_connected_s16_by(params, input, weights, bias, multipliers, shifts, output,
                                qmcu_dot_s16_scalar);
}
