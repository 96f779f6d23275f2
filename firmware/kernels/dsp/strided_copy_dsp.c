/* strided_copy by whole words. */
#include "small.h"

#include "strided_copy_dsp.h"

#include "strided_copy_code_dsp.h"

void qmcu_strided_copy_dsp(const qmcu_strided_copy_dsp_params *params, const int8_t *input,
                           int8_t *output)
{
    qmcu_strided_copy_by(params, input, output, qmcu_copy_rows, qmcu_gather_dsp, qmcu_copy_columns);
}
