#include "softmax.h"

#include "fixed_exponential.h"
#include "softmax_code.h"

void qmcu_softmax(const qmcu_softmax_params *params, const int8_t *input, int8_t *output)
{
    qmcu_softmax_by(params, input, output, exp_of_negative);
}
