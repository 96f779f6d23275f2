/* logistic_s16 by the vector extension MVE, four at a time. */
#include "logistic_s16_mve.h"

#include "sigmoid_mve.h"

void qmcu_logistic_s16_mve(const qmcu_logistic_s16_mve_params *params, const int16_t *input,
                           const int16_t *table, int16_t *output)
{
    for (int32_t left = params->size; left > 0; left -= 4, input += 4, output += 4) {
        const mve_pred16_t live = vctp32q((uint32_t)left);
        const int32x4_t argument = qmcu_sigmoid_argument_mve(params, vldrhq_z_s32(input, live));
        vstrhq_p_s32(output, qmcu_logistic_mve(argument, table), live);
    }
}
