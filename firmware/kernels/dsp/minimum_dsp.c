/* minimum, four bytes at a time. */
#include "minimum_dsp.h"

#include "pairs_dsp.h"

void qmcu_minimum_dsp(const qmcu_minimum_dsp_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output)
{
    const qmcu_minimum_params *const p = params;
    QMCU_PAIRS_OF_BYTES(qmcu_minimum_s8x4, p, input1, input2, output);
}
