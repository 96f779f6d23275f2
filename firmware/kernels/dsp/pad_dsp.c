/* pad by whole words. */
#include "pad_dsp.h"

#include "bytes_dsp.h"
#include "pad_code.h"

void qmcu_pad_dsp(const qmcu_pad_dsp_params *params, const int8_t *input, int8_t *output)
{
    qmcu_pad_by(params, input, output, qmcu_copy_run, qmcu_fill_run);
}
