/* Softmax with exp from a table: the sum of a row, then its probabilities, by lookup. With m the
   reciprocal's mantissa, e of the table and x the exponent, the interpreter rounds twice:
   floor((floor((m e + 2^30) / 2^31) + 2^(x - 1)) / 2^x) = floor((m e + 2^30 + 2^(x + 30)) / 2^(x + 31)). */
#ifndef QMCU_SOFTMAX_TABLE_CODE_H
#define QMCU_SOFTMAX_TABLE_CODE_H

#include "softmax_reciprocal.h"
#include "softmax_table.h"

/* round(round(m * e / 2^31) / 2^x), x from 2 to 31 */
typedef uint32_t qmcu_softmax_scaled(uint32_t mantissa, uint32_t e, uint32_t exponent);

/* By one product of 64 bits. */
static inline uint32_t qmcu_softmax_scaled_wide(uint32_t mantissa, uint32_t e, uint32_t exponent)
{
    const uint64_t rounding = ((uint64_t)1 << 30) + ((uint64_t)(1u << (exponent - 2)) << 32);
    return (uint32_t)(((uint64_t)mantissa * e + rounding) >> 32) >> (exponent - 1);
}

typedef int32_t qmcu_largest_of(const int8_t *input, int32_t depth);

static inline uint32_t qmcu_softmax_entry(const int32_t *table, uint32_t entries, int32_t largest,
                                          int32_t input)
{
    const uint32_t difference = (uint32_t)(largest - input);
    return difference < entries ? (uint32_t)table[difference] : 0u;
}

/* Bytes of scale 2^-8, or halfwords of scale 2^-16 where `wide` is not 0. */
static inline __attribute__((always_inline)) void
qmcu_softmax_table_by(const qmcu_softmax_table_params *p, const int8_t *input, const int32_t *table,
                      void *output, int32_t wide, qmcu_largest_of *largest_of,
                      qmcu_softmax_scaled *scaled)
{
    const int32_t depth = p->depth;
    const uint32_t entries = (uint32_t)p->entries;
    int8_t *bytes = output;
    int16_t *halfwords = output;
    for (int32_t row = 0; row < p->rows; ++row) {
        const int32_t largest = largest_of(input, depth);
        const int8_t *const end = input + depth;
        uint32_t sum = 0; /* Q12.19 */
        for (const int8_t *at = input; at != end; ++at) {
            sum += (qmcu_softmax_entry(table, entries, largest, *at) + (1u << 11)) >> 12;
        }
        const qmcu_softmax_reciprocal r = qmcu_softmax_reciprocal_of((int32_t)sum);
        const uint32_t exponent = (uint32_t)(wide ? r.exponent - 8 : r.exponent);
        const uint32_t last = exponent <= 31u ? exponent : 31u;
        /* Above 31 everything is 0: as nothing is in the table. */
        const uint32_t count = exponent <= 31u ? entries : 0u;
        for (; input != end; ++input) {
            const uint32_t e = qmcu_softmax_entry(table, count, largest, *input);
            const int32_t probability = (int32_t)scaled((uint32_t)r.mantissa, e, last);
            if (wide) {
                *halfwords++ =
                    (int16_t)((probability < UINT16_MAX ? probability : UINT16_MAX) - (1 << 15));
            } else {
                *bytes++ = (int8_t)((probability < UINT8_MAX ? probability : UINT8_MAX) - 128);
            }
        }
    }
}

#endif
