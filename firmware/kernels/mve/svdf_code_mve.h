/* What svdf.c says, by vectors, of one type of state. First all filters' memories move on by one at
   once, and four new values at a time are put behind them; then four filters at a time are multiplied
   with their memories, and of units of one filter four outputs written at once. */
#ifndef QMCU_SVDF_CODE_MVE_H
#define QMCU_SVDF_CODE_MVE_H

#include "quad_mve.h"
#include "svdf.h"

/* Units as they become complete: of more than one filter each. */
typedef struct {
    uint32_t sum;
    int32_t filters; /* that are in the sum */
} qmcu_svdf_unit;

static inline void qmcu_svdf_write(const qmcu_svdf_params *p, int32x4_t sums, int8_t *output,
                                   int32_t count)
{
    const int32x4_t scaled =
        qmcu_mve_requantize(sums, vdupq_n_s32(p->output_multiplier), vdupq_n_s32(p->output_shift));
    vstrbq_p_s32(output, qmcu_mve_clamp(scaled, p->output_zero_point, INT8_MIN, INT8_MAX),
                 vctp32q((uint32_t)count));
}

/* Adds four filters' sums to their units; where the outputs then go on. */
static inline int8_t *qmcu_svdf_add(const qmcu_svdf_params *p, int32x4_t filters, int32_t count,
                                    qmcu_svdf_unit *unit, const int32_t **bias, int8_t *output)
{
    int32_t sums[4];
    vstrwq_s32(sums, filters);
    for (int32_t i = 0; i < count; ++i) {
        unit->sum += (uint32_t)sums[i];
        if (++unit->filters == p->rank) {
            qmcu_svdf_write(p, vdupq_n_s32((int32_t)(unit->sum + (uint32_t)*(*bias)++)), output++,
                            1);
            *unit = (qmcu_svdf_unit){0, 0};
        }
    }
    return output;
}

/* Defines the function `name`, with remember and outputs, which are out of line for the registers.
   SCATTER stores four values at distances; DOT is the product of two runs of `memory`. */
#define QMCU_SVDF_BY_VECTORS(name, type, minimum, maximum, SCATTER, DOT)                           \
    static __attribute__((noinline)) void remember(const qmcu_svdf_params *p, const int8_t *input, \
                                                   const int8_t *features,                         \
                                                   const int32_t *feature_bias, type *newest)      \
    {                                                                                              \
        const int32_t filters = p->units * p->rank;                                                \
        const uint32x4_t places =                                                                  \
            vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)p->memory * (uint32_t)sizeof(type));         \
        for (int32_t left = filters; left > 0; left -= 4) {                                        \
            const int32x4_t scaled = qmcu_quad_scaled(                                             \
                qmcu_quad_mve(input, features, p->input_depth, feature_bias, left),                \
                p->state_multiplier, p->state_shift, minimum, maximum);                            \
            SCATTER(newest, places, vaddq_n_s32(scaled, p->state_zero_point),                      \
                    vctp32q((uint32_t)left));                                                      \
            features += 4 * p->input_depth;                                                        \
            feature_bias += 4;                                                                     \
            newest += 4 * p->memory;                                                               \
        }                                                                                          \
    }                                                                                              \
    static __attribute__((noinline)) int8_t *outputs(const qmcu_svdf_params *p, const type *times, \
                                                     const int32_t *bias, const type *state,       \
                                                     int8_t *output)                               \
    {                                                                                              \
        qmcu_svdf_unit unit = {0, 0};                                                              \
        for (int32_t left = p->units * p->rank; left > 0; left -= 4) {                             \
            const int32_t count = left < 4 ? left : 4;                                             \
            int32_t sum[4] = {0, 0, 0, 0};                                                         \
            for (int32_t i = 0; i < count; ++i) {                                                  \
                sum[i] = DOT(state, times, p->memory);                                             \
                state += p->memory;                                                                \
                times += p->memory;                                                                \
            }                                                                                      \
            const int32x4_t sums = vldrwq_s32(sum);                                                \
            if (p->rank == 1) {                                                                    \
                const int32x4_t added =                                                            \
                    vaddq_s32(sums, vldrwq_z_s32(bias, vctp32q((uint32_t)left)));                  \
                qmcu_svdf_write(p, added, output, count);                                          \
                bias += 4;                                                                         \
                output += count;                                                                   \
            } else {                                                                               \
                output = qmcu_svdf_add(p, sums, count, &unit, &bias, output);                      \
            }                                                                                      \
        }                                                                                          \
        return output;                                                                             \
    }                                                                                              \
    static inline void name(const qmcu_svdf_params *p, const int8_t *input,                        \
                            const int8_t *features, const int32_t *feature_bias,                   \
                            const type *times, const int32_t *bias, type *state, int8_t *output)   \
    {                                                                                              \
        const int32_t values = p->units * p->rank * p->memory;                                     \
        for (int32_t batch = 0; batch < p->batches; ++batch) {                                     \
            qmcu_mve_copy((int8_t *)state, (const int8_t *)(state + 1),                            \
                          (values - 1) * (int32_t)sizeof(type));                                   \
            remember(p, input, features, feature_bias, state + p->memory - 1);                     \
            output = outputs(p, times, bias, state, output);                                       \
            input += p->input_depth;                                                               \
            state += values;                                                                       \
        }                                                                                          \
    }

#endif
