/* maximum, 16 bytes at a time. */
#include "maximum_mve.h"

#include "pairs_mve.h"

static inline int8x16_t vector(int8x16_t a, int8x16_t b)
{
    return vmaxq_s8(a, b);
}

void qmcu_maximum_mve(const qmcu_maximum_mve_params *params, const int8_t *input1,
                      const int8_t *input2, int8_t *output)
{
    const qmcu_maximum_params *const p = params;
    QMCU_PAIRS_OF_BYTES(vector, p, input1, input2, output);
}
