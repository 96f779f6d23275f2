#include "fully_connected_s16_quads_mve.h"

#include "quads_s16_mve.h"

void qmcu_fully_connected_s16_quads_mve(const qmcu_fully_connected_s16_quads_mve_params *p,
                                        const int16_t *input, const int8_t *weights,
                                        const int32_t *bias, const int32_t *multipliers,
                                        int16_t *output)
{
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        qmcu_quads_s16_mve(&p->quads, input + batch * p->quads.depth, 0, weights, bias, multipliers,
                           output + batch * p->quads.outputs);
    }
}
