/* The same bytes in another place; for a change of shape whose tensors cannot share bytes. */
#include "copy.h"

#include <string.h>

void qmcu_copy(const qmcu_copy_params *params, const int8_t *input, int8_t *output)
{
    memcpy(output, input, (size_t)params->size);
}
