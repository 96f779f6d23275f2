/* concatenation by whole words. */
#include "concatenation_dsp.h"

#include "concatenation_code.h"

void qmcu_concatenation_dsp(const qmcu_concatenation_dsp_params *params,
                            const int8_t *const *inputs, const int8_t *constants, int8_t *output)
{
    qmcu_concatenation_by(params, inputs, constants, output, qmcu_copy_rows);
}
