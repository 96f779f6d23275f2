/* copy by up to eight words at a time, where the library's takes one. */
#include "copy_words_dsp.h"

#include "copy_dsp.h"

void qmcu_copy_words_dsp(const qmcu_copy_words_dsp_params *params, const int8_t *input,
                         int8_t *output)
{
    qmcu_copy_bytes(output, input, params->size);
}
