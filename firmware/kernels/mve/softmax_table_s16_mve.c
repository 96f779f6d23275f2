#include "softmax_table_s16_mve.h"

#include "softmax_table_code_mve.h"

void qmcu_softmax_table_s16_mve(const qmcu_softmax_table_s16_mve_params *params,
                                const int8_t *input, const int32_t *table, int16_t *output)
{
    for (int32_t row = 0; row < params->rows; ++row) {
        const qmcu_softmax_row_mve r = qmcu_softmax_row_of(params, input, table, 1);
        for (int32_t left = params->depth; left > 0; left -= 4) {
            const mve_pred16_t live = vctp32q((uint32_t)left);
            vstrhq_p_s32(output, qmcu_softmax_four(&r, input, table, live, 1), live);
            input += left < 4 ? left : 4;
            output += left < 4 ? left : 4;
        }
    }
}
