/* The logistic function of int16, from the table of sigmoid_s16.h. */
#ifdef __ARM_ARCH_6M__
#include "small.h"
#endif

#include "logistic_s16.h"

void qmcu_logistic_s16(const qmcu_logistic_s16_params *params, const int16_t *input,
                       const int16_t *table, int16_t *output)
{
    for (int32_t i = 0; i < params->size; ++i) {
        output[i] = qmcu_logistic_of(qmcu_sigmoid_argument(params, input[i]), table);
    }
}
