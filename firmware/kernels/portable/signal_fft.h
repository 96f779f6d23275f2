/* The Fourier transforms of signals as KissFFT computes them, for one type of numbers.

   A file that includes this defines QMCU_FFT_NUMBER, and, where numbers are fractions of
   QMCU_FFT_BITS bits, QMCU_FFT_WIDE, the type of their products; else they are float.

   A transform of n numbers is one of n / 2 complex numbers, in stages of 4 and, at the end, of 2.
   Fractions are divided by each stage's size before it, so that no sum overflows. */
#ifndef QMCU_SIGNAL_FFT_H
#define QMCU_SIGNAL_FFT_H

#include <stdint.h>

typedef QMCU_FFT_NUMBER fft_number;

typedef struct {
    fft_number re;
    fft_number im;
} fft_complex;

#ifdef QMCU_FFT_WIDE
#define FFT_LARGEST ((QMCU_FFT_WIDE)(((QMCU_FFT_WIDE)1 << QMCU_FFT_BITS) - 1))

/* Rounded to the nearest, ties up. */
static inline fft_number fft_rounded(QMCU_FFT_WIDE product)
{
    const QMCU_FFT_WIDE half = (QMCU_FFT_WIDE)1 << (QMCU_FFT_BITS - 1);
    return (fft_number)((product + half) >> QMCU_FFT_BITS);
}

/* Before a half is taken nothing is lost in 16 bits. */
static inline fft_number fft_half_sum(fft_number a, fft_number b)
{
    return (fft_number)((int32_t)((uint32_t)a + (uint32_t)b) >> 1);
}

static inline fft_number fft_half_difference(fft_number a, fft_number b)
{
    return (fft_number)((int32_t)((uint32_t)a - (uint32_t)b) >> 1);
}

static inline fft_number fft_negative(fft_number a)
{
    return (fft_number)(0u - (uint32_t)a);
}

/* Sums of fractions wrap around. */
static inline fft_number fft_plus(fft_number a, fft_number b)
{
    return (fft_number)((uint32_t)a + (uint32_t)b);
}

static inline fft_number fft_minus(fft_number a, fft_number b)
{
    return (fft_number)((uint32_t)a - (uint32_t)b);
}

static inline fft_complex fft_divided(fft_complex a, int32_t by)
{
    const QMCU_FFT_WIDE factor = FFT_LARGEST / by;
    return (fft_complex){fft_rounded(a.re * factor), fft_rounded(a.im * factor)};
}

static inline fft_complex fft_times(fft_complex a, fft_complex b)
{
    const QMCU_FFT_WIDE re = (QMCU_FFT_WIDE)a.re * b.re - (QMCU_FFT_WIDE)a.im * b.im;
    const QMCU_FFT_WIDE im = (QMCU_FFT_WIDE)a.re * b.im + (QMCU_FFT_WIDE)a.im * b.re;
    return (fft_complex){fft_rounded(re), fft_rounded(im)};
}
#else
static inline fft_number fft_half_sum(fft_number a, fft_number b)
{
    return (a + b) * 0.5f;
}

static inline fft_number fft_half_difference(fft_number a, fft_number b)
{
    return (a - b) * 0.5f;
}

static inline fft_number fft_negative(fft_number a)
{
    return -a;
}

static inline fft_number fft_plus(fft_number a, fft_number b)
{
    return a + b;
}

static inline fft_number fft_minus(fft_number a, fft_number b)
{
    return a - b;
}

static inline fft_complex fft_divided(fft_complex a, int32_t by)
{
    (void)by;
    return a;
}

static inline fft_complex fft_times(fft_complex a, fft_complex b)
{
    return (fft_complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
#endif

static inline fft_complex fft_sum(fft_complex a, fft_complex b)
{
    return (fft_complex){fft_plus(a.re, b.re), fft_plus(a.im, b.im)};
}

static inline fft_complex fft_difference(fft_complex a, fft_complex b)
{
    return (fft_complex){fft_minus(a.re, b.re), fft_minus(a.im, b.im)};
}

/* Two transforms of m numbers become one; factors are `apart` in the table. */
static inline void fft_join_2(fft_complex *x, const fft_complex *factors, int32_t apart, int32_t m)
{
    for (int32_t k = 0; k < m; ++k) {
        const fft_complex first = fft_divided(x[k], 2);
        const fft_complex second = fft_times(fft_divided(x[k + m], 2), factors[k * apart]);
        x[k + m] = fft_difference(first, second);
        x[k] = fft_sum(first, second);
    }
}

/* Four become one. */
static inline void fft_join_4(fft_complex *x, const fft_complex *factors, int32_t apart, int32_t m,
                              int inverse)
{
    for (int32_t k = 0; k < m; ++k) {
        const fft_complex a = fft_divided(x[k], 4);
        const fft_complex b = fft_times(fft_divided(x[k + m], 4), factors[k * apart]);
        const fft_complex c = fft_times(fft_divided(x[k + 2 * m], 4), factors[2 * k * apart]);
        const fft_complex d = fft_times(fft_divided(x[k + 3 * m], 4), factors[3 * k * apart]);
        const fft_complex even = fft_sum(a, c), less = fft_difference(a, c);
        const fft_complex odd = fft_sum(b, d), turn = fft_difference(b, d);
        const fft_complex up = {fft_minus(less.re, turn.im), fft_plus(less.im, turn.re)};
        const fft_complex down = {fft_plus(less.re, turn.im), fft_minus(less.im, turn.re)};
        x[k] = fft_sum(even, odd);
        x[k + m] = inverse ? up : down;
        x[k + 2 * m] = fft_difference(even, odd);
        x[k + 3 * m] = inverse ? down : up;
    }
}

/* Where the number at `at` of the result's order comes from, of n numbers: digits of 4, then 2. */
static inline int32_t fft_source(int32_t at, int32_t n)
{
    int32_t source = 0, apart = 1;
    for (int32_t rest = n; rest > 1;) {
        const int32_t size = rest % 4 == 0 ? 4 : 2;
        rest /= size;
        source += at / rest * apart;
        at %= rest;
        apart *= size;
    }
    return source;
}

/* The transform of n numbers in x, which are in the order of fft_source. */
static inline void fft_stages(fft_complex *x, int32_t n, const fft_complex *factors, int inverse)
{
    int32_t m = 1;
    /* The stage of 2 is the innermost. */
    int32_t fours = n;
    while (fours % 4 == 0) {
        fours /= 4;
    }
    if (fours == 2) {
        for (int32_t block = 0; block < n; block += 2) {
            fft_join_2(x + block, factors, n / 2, 1);
        }
        m = 2;
    }
    for (; m < n; m *= 4) {
        for (int32_t block = 0; block < n; block += 4 * m) {
            fft_join_4(x + block, factors, n / (4 * m), m, inverse);
        }
    }
}

#endif
