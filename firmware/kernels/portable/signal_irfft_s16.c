/* Real numbers from their transform: what signal_rfft does, backwards. */
#include "signal_irfft_s16.h"

#define QMCU_FFT_ROWS qmcu_signal_irfft_s16_params
#define QMCU_FFT_NUMBER int16_t
#define QMCU_FFT_WIDE int32_t
#define QMCU_FFT_BITS 15
#include "signal_irfft_code.h"

void qmcu_signal_irfft_s16(const qmcu_signal_irfft_s16_params *params, const int16_t *input,
                           const int16_t *factors, const int16_t *turns, int8_t *scratch,
                           int16_t *output)
{
    fft_to_real(params, input, factors, turns, scratch, output);
}
