/* The transform of real numbers: half a transform of complex ones, and one stage more. */
#include "signal_rfft_s32.h"

#define QMCU_FFT_ROWS qmcu_signal_rfft_s32_params
#define QMCU_FFT_NUMBER int32_t
#define QMCU_FFT_WIDE int64_t
#define QMCU_FFT_BITS 31
#include "signal_rfft_code.h"

void qmcu_signal_rfft_s32(const qmcu_signal_rfft_s32_params *params, const int32_t *input,
                          const int32_t *factors, const int32_t *turns, int8_t *scratch,
                          int32_t *output)
{
    fft_of_real(params, input, factors, turns, scratch, output);
}
