/* Real numbers from their transform: what signal_rfft does, backwards. */
#include "signal_irfft_f32.h"

#define QMCU_FFT_ROWS qmcu_signal_irfft_f32_params
#define QMCU_FFT_NUMBER float
#include "signal_irfft_code.h"

void qmcu_signal_irfft_f32(const qmcu_signal_irfft_f32_params *params, const float *input,
                           const float *factors, const float *turns, int8_t *scratch, float *output)
{
    fft_to_real(params, input, factors, turns, scratch, output);
}
