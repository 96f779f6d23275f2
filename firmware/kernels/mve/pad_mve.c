/* pad by 16 bytes at a time. */
#include "pad_mve.h"

#include "mve.h"
#include "pad_code.h"

void qmcu_pad_mve(const qmcu_pad_mve_params *params, const int8_t *input, int8_t *output)
{
    qmcu_pad_by(params, input, output, qmcu_mve_copy, qmcu_mve_fill);
}
