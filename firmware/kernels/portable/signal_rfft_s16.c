/* The transform of real numbers: half a transform of complex ones, and one stage more. */
#include "signal_rfft_s16.h"

#define QMCU_FFT_ROWS qmcu_signal_rfft_s16_params
#define QMCU_FFT_NUMBER int16_t
#define QMCU_FFT_WIDE int32_t
#define QMCU_FFT_BITS 15
#include "signal_rfft_code.h"

void qmcu_signal_rfft_s16(const qmcu_signal_rfft_s16_params *params, const int16_t *input,
                          const int16_t *factors, const int16_t *turns, int8_t *scratch,
                          int16_t *output)
{
    fft_of_real(params, input, factors, turns, scratch, output);
}
