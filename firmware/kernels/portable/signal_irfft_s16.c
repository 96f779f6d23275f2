/* Real numbers from their transform: what signal_rfft does, backwards. */
#include "signal_irfft_s16.h"

#include <stddef.h>

#define QMCU_FFT_NUMBER int16_t
#define QMCU_FFT_WIDE int32_t
#define QMCU_FFT_BITS 15
#include "signal_fft.h"

void qmcu_signal_irfft_s16(const qmcu_signal_irfft_s16_params *params, const int16_t *input,
                           const int16_t *factors, const int16_t *turns, int8_t *scratch,
                           int16_t *output)
{

    const int32_t n = params->half;
    fft_complex *const x = (fft_complex *)(void *)scratch;
    const fft_complex *const turn = (const fft_complex *)(const void *)turns;
    const fft_complex *given = (const fft_complex *)(const void *)input;
    for (int32_t row = 0; row < params->rows; ++row) {
        const fft_complex ends = {fft_plus(given[0].re, given[n].re),
                                  fft_minus(given[0].re, given[n].re)};
        x[0] = fft_divided(ends, 2);
        for (int32_t k = 1; k <= n / 2; ++k) {
            const fft_complex mirrored = {given[n - k].re, fft_negative(given[n - k].im)};
            const fft_complex a = fft_divided(given[k], 2), b = fft_divided(mirrored, 2);
            const fft_complex even = fft_sum(a, b);
            const fft_complex odd = fft_times(fft_difference(a, b), turn[k - 1]);
            const fft_complex other = fft_difference(even, odd);
            x[k] = fft_sum(even, odd);
            x[n - k] = (fft_complex){other.re, fft_negative(other.im)};
        }
        fft_complex *const result = (fft_complex *)(void *)output;
        for (int32_t i = 0; i < n; ++i) {
            result[i] = x[fft_source(i, n)];
        }
        fft_stages(result, n, (const fft_complex *)(const void *)factors, 1);
        given += params->stride;
        output += params->length;
    }
}
