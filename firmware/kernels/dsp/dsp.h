/* The DSP extension in words: SIMD on halfwords, and requantization in six instructions. */
#ifndef QMCU_DSP_H
#define QMCU_DSP_H

#include <stdint.h>
#include <string.h>

/* One output channel: output = ((SMMULR(2 * sum, multiplier) rounded) >> shift), saturated to int8.
   rounding is 2^(shift - 1) + (output zero point << shift). */
typedef struct {
    int32_t bias;
    int32_t multiplier;
    int32_t rounding;
    int32_t shift; /* to the right, 1 to 20 */
} qmcu_channel;

/* Bytes 0 and 2 as two signed halfwords. */
static inline uint32_t qmcu_sxtb16(uint32_t a)
{
    uint32_t r;
    __asm("sxtb16 %0, %1" : "=r"(r) : "r"(a));
    return r;
}

/* Bytes 1 and 3 as two signed halfwords. */
static inline uint32_t qmcu_sxtb16_odd(uint32_t a)
{
    uint32_t r;
    __asm("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(a));
    return r;
}

/* Bytes 0 and 2 as two unsigned halfwords. */
static inline uint32_t qmcu_uxtb16(uint32_t a)
{
    uint32_t r;
    __asm("uxtb16 %0, %1" : "=r"(r) : "r"(a));
    return r;
}

/* Bytes 1 and 3 as two unsigned halfwords. */
static inline uint32_t qmcu_uxtb16_odd(uint32_t a)
{
    uint32_t r;
    __asm("uxtb16 %0, %1, ror #8" : "=r"(r) : "r"(a));
    return r;
}

/* Two halfword sums, plus bytes 0 and 2 of b. */
static inline uint32_t qmcu_sxtab16(uint32_t sums, uint32_t b)
{
    uint32_t r;
    __asm("sxtab16 %0, %1, %2" : "=r"(r) : "r"(sums), "r"(b));
    return r;
}

/* Two halfword sums, plus bytes 1 and 3 of b. */
static inline uint32_t qmcu_sxtab16_odd(uint32_t sums, uint32_t b)
{
    uint32_t r;
    __asm("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(sums), "r"(b));
    return r;
}

/* sum + a.low * b.low + a.high * b.high */
static inline int32_t qmcu_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t r;
    __asm("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
    return r;
}

/* sum + (a * b.low >> 16), of a product of 48 bits */
static inline int32_t qmcu_smlawb(int32_t a, uint32_t b, int32_t sum)
{
    int32_t r;
    __asm("smlawb %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
    return r;
}

/* sum + (a * b.high >> 16) */
static inline int32_t qmcu_smlawt(int32_t a, uint32_t b, int32_t sum)
{
    int32_t r;
    __asm("smlawt %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
    return r;
}

/* a.low below b.low */
static inline uint32_t qmcu_pack_low(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

/* a.high below b.high */
static inline uint32_t qmcu_pack_high(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm("pkhtb %0, %1, %2, asr #16" : "=r"(r) : "r"(b), "r"(a));
    return r;
}

/* (a * b + 2^31) >> 32 */
static inline int32_t qmcu_smmulr(int32_t a, int32_t b)
{
    int32_t r;
    __asm("smmulr %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

static inline int32_t qmcu_saturate_s8(int32_t a)
{
    int32_t r;
    __asm("ssat %0, #8, %1" : "=r"(r) : "r"(a));
    return r;
}

static inline int32_t qmcu_saturate_s16(int32_t a)
{
    int32_t r;
    __asm("ssat %0, #16, %1" : "=r"(r) : "r"(a));
    return r;
}

static inline int32_t qmcu_saturating_add(int32_t a, int32_t b)
{
    int32_t r;
    __asm("qadd %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

/* The larger of each two bytes: SSUB8 says for each which one that is, SEL takes it. */
static inline uint32_t qmcu_maximum_s8x4(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
}

/* The smaller of each two bytes. */
static inline uint32_t qmcu_minimum_s8x4(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
}

/* The larger of each two halfwords. */
static inline uint32_t qmcu_maximum_s16x2(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm("ssub16 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
}

/* The smaller of each two halfwords. */
static inline uint32_t qmcu_minimum_s16x2(uint32_t a, uint32_t b)
{
    uint32_t r;
    __asm("ssub16 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
}

/* Equal to qmcu_output_s8 without activation limits while |sum| < 2^30: doubling before SMMULR
   makes it the doubling high multiply, and h + (h >> 31) turns ties away from zero. */
static inline int8_t qmcu_channel_output(int32_t sum, const qmcu_channel *channel)
{
    const int32_t h = qmcu_smmulr((int32_t)((uint32_t)sum << 1), channel->multiplier);
    return (int8_t)qmcu_saturate_s8((h + (h >> 31) + channel->rounding) >> channel->shift);
}

/* sum + ((a * b + 2^31) >> 32) */
static inline int32_t qmcu_smmlar(int32_t a, int32_t b, int32_t sum)
{
    int32_t r;
    __asm("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
    return r;
}

/* The same as qmcu_channel_output from twice the sum, in four instructions: the sign of the sum
   may stand for that of h. They differ only for sum -1 and multiplier 2^30, where h is 0 and
   -1 + 2^(shift - 1) >> shift is 0 too. */
static inline int8_t qmcu_requantize_s8(int32_t twice, int32_t multiplier, int32_t rounding,
                                        int32_t shift)
{
    return (int8_t)qmcu_saturate_s8((qmcu_smmlar(twice, multiplier, rounding) + (twice >> 31)) >>
                                    shift);
}

/* Four bytes at any address. */
static inline void qmcu_store_word(void *bytes, uint32_t word)
{
    __builtin_memcpy(bytes, &word, sizeof word);
}

/* Four bytes at any address. */
static inline uint32_t qmcu_load_word(const void *bytes)
{
    uint32_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

/* Four bytes as halfwords (0, 2) and (1, 3): the order in which SXTB16 takes weights apart. */
static inline void qmcu_expand(const int8_t *bytes, uint32_t *halfwords)
{
    const uint32_t word = qmcu_load_word(bytes);
    halfwords[0] = qmcu_sxtb16(word);
    halfwords[1] = qmcu_sxtb16_odd(word);
}

#endif
