/* The transform of real numbers: half a transform of complex ones, and one stage more.

   A file that includes this defines what signal_fft.h asks for, and QMCU_FFT_ROWS, its kernel's
   parameters. */
#ifndef QMCU_SIGNAL_RFFT_CODE_H
#define QMCU_SIGNAL_RFFT_CODE_H

#include "signal_fft.h"

static inline __attribute__((always_inline)) void
fft_of_real(const QMCU_FFT_ROWS *params, const fft_number *input, const fft_number *factors,
            const fft_number *turns, int8_t *scratch, fft_number *output)
{
    const int32_t n = params->half;
    fft_complex *const x = (fft_complex *)(void *)scratch;
    const fft_complex *const turn = (const fft_complex *)(const void *)turns;
    fft_complex *result = (fft_complex *)(void *)output;
    for (int32_t row = 0; row < params->rows; ++row) {
        for (int32_t i = 0; i < n; ++i) {
            const int32_t at = 2 * fft_source(i, n);
            x[i].re = at < params->length ? input[at] : 0;
            x[i].im = at + 1 < params->length ? input[at + 1] : 0;
        }
        fft_stages(x, n, (const fft_complex *)(const void *)factors, 0);
        const fft_complex first = fft_divided(x[0], 2);
        result[0] = (fft_complex){fft_plus(first.re, first.im), 0};
        result[n] = (fft_complex){fft_minus(first.re, first.im), 0};
        for (int32_t k = 1; k <= n / 2; ++k) {
            const fft_complex mirrored = {x[n - k].re, fft_negative(x[n - k].im)};
            const fft_complex a = fft_divided(x[k], 2), b = fft_divided(mirrored, 2);
            const fft_complex sum = fft_sum(a, b);
            const fft_complex rest = fft_times(fft_difference(a, b), turn[k - 1]);
            result[k].re = fft_half_sum(sum.re, rest.re);
            result[k].im = fft_half_sum(sum.im, rest.im);
            result[n - k].re = fft_half_difference(sum.re, rest.re);
            result[n - k].im = fft_half_difference(rest.im, sum.im);
        }
        input += params->length;
        result += params->stride;
    }
}

#endif
