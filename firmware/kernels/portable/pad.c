#include "pad.h"

#include "pad_code.h"

void qmcu_pad(const qmcu_pad_params *params, const int8_t *input, int8_t *output)
{
    qmcu_pad_by(params, input, output, qmcu_copy_plain, qmcu_fill_plain);
}
