/* maximum, four bytes at a time. */
#include "maximum_dsp.h"

#include "pairs_dsp.h"

void qmcu_maximum_dsp(const qmcu_maximum_dsp_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output)
{
    const qmcu_maximum_params *const p = params;
    QMCU_PAIRS_OF_BYTES(qmcu_maximum_s8x4, p, input1, input2, output);
}
