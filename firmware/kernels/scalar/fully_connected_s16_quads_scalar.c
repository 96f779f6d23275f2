#include "fully_connected_s16_quads_scalar.h"

#include "quads_s16_scalar.h"

void qmcu_fully_connected_s16_quads_scalar(
    const qmcu_fully_connected_s16_quads_scalar_params *params, const int16_t *input,
    const int8_t *weights, const int32_t *bias, const int32_t *multipliers, int16_t *output)
{
    const qmcu_quads_s16 *const quads = &params->quads;
    for (int32_t left = params->batches; left > 0; left -= QMCU_COLUMNS_S16_SCALAR) {
        const int32_t both = QMCU_COLUMNS_S16_SCALAR == 2 && left > 1;
        qmcu_quads_s16_scalar(quads, input, both ? input + quads->depth : 0, weights, bias,
                              multipliers, output);
        input += QMCU_COLUMNS_S16_SCALAR * quads->depth;
        output += QMCU_COLUMNS_S16_SCALAR * quads->outputs;
    }
}
