/* Real numbers from their transform: what signal_rfft does, backwards.

   A file that includes this defines what signal_fft.h asks for, and QMCU_FFT_ROWS, its kernel's
   parameters. */
#ifndef QMCU_SIGNAL_IRFFT_CODE_H
#define QMCU_SIGNAL_IRFFT_CODE_H

#include "signal_fft.h"

static inline __attribute__((always_inline)) void
fft_to_real(const QMCU_FFT_ROWS *params, const fft_number *input, const fft_number *factors,
            const fft_number *turns, int8_t *scratch, fft_number *output)
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
#ifndef QMCU_FFT_WIDE /* fractions were divided by each stage */
        for (int32_t i = 0; i < 2 * n; ++i) {
            output[i] /= (float)(2 * n);
        }
#endif
        given += params->stride;
        output += params->length;
    }
}

#endif
