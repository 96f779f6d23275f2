/* The transform of real numbers: half a transform of complex ones, and one stage more. */
#include "signal_rfft_f32.h"

#define QMCU_FFT_ROWS qmcu_signal_rfft_f32_params
#define QMCU_FFT_NUMBER float
#include "signal_rfft_code.h"

void qmcu_signal_rfft_f32(const qmcu_signal_rfft_f32_params *params, const float *input,
                          const float *factors, const float *turns, int8_t *scratch, float *output)
{
    fft_of_real(params, input, factors, turns, scratch, output);
}
