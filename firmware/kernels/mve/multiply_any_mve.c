/* As multiply_mve.c, of filters that are not filled up: the values that are no vector come first, the other
   lanes are zero by a predicate that stays as it is. */
#include "multiply_any_mve.h"

#include "assembly_mve.h"
#include "multiply_code_mve.h"
#include "quad_mve.h"

QMCU_PLACE(qmcu_mve_tile, pairs.left, 80);
QMCU_PLACE(qmcu_mve_tile, pairs.channels, 84);

#define PUSH                                   \
    "ldrd r1, r2, [r0, #80]\n\t"               \
    "push {r1, r2}\n\t"                        \
    "vctp.8 r1\n\t"
/* What is left of one pixel, so many bytes as lr says. */
#define LEFT(FROM, VALUES, SUM, OTHER)         \
    "vldrb.u8 " VALUES ", [" FROM "]\n\t"      \
    "add " FROM ", " FROM ", lr\n\t"           \
    "vmladav.s8 " SUM ", q4, " VALUES "\n\t"   \
    "vmladav.s8 " OTHER ", q5, " VALUES "\n\t"
/* r12 and lr are free until their sums begin. */
#define FIRST                                  \
    "ldr lr, [sp, #48]\n\t"                    \
    "add r12, r9, lr\n\t"                      \
    "vpstt\n\t"                                \
    "vldrbt.u8 q4, [r9]\n\t"                   \
    "vldrbt.u8 q5, [r12]\n\t"                  \
    "add r9, r12, lr\n\t"                      \
    LEFT("r1", "q0", "r0", "r8")               \
    LEFT("r3", "q1", "r2", "r10")              \
    LEFT("r5", "q2", "r4", "r12")              \
    LEFT("r7", "q3", "r6", "lr")
#define CHANNELS                               \
    "ldr r1, [sp, #52]\n\t"                    \
    "ldm r1!, {r0, r2, r4, r6, r8, r10}\n\t"   \
    "str r1, [sp, #52]\n\t"

static __attribute__((naked, noinline)) void multiply(__attribute__((unused))
                                                      const qmcu_mve_tile *tile)
{
    QMCU_MVE_MULTIPLY_BY(PUSH, FIRST, QMCU_MVE_STEP, CHANNELS, "56");
}

/* Bytes of a window. */
static int32_t values(const qmcu_multiply_mve_params *params)
{
    return 16 * (params->steps - 1) + (params->form >> 2);
}

/* One filter of four pixels. */
static __attribute__((noinline)) void single(const qmcu_mve_tile *tile,
                                             const qmcu_multiply_mve_params *params,
                                             const int32_t *channel, const int8_t *weights,
                                             int32_t pixels, int8_t *output)
{
    const int8_t *const *const columns = tile->columns;
    const int32x4_t sums = qmcu_mve_requantize(
        qmcu_four_sums(weights, columns[0], columns[1], columns[2], columns[3], values(params),
                       channel[0]),
        vdupq_n_s32(channel[1]), vdupq_n_s32(channel[2]));
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)params->filters);
    vstrbq_scatter_offset_p_s32(
        output, places,
        qmcu_mve_clamp(sums, params->zero_point, params->minimum, params->maximum),
        vctp32q((uint32_t)pixels));
}

static void four(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                 const int32_t *weights, int32_t pixels, int8_t *output)
{
    const int32_t filters = params->filters, size = values(params);
    const int8_t *const bytes = (const int8_t *)weights + tile->pairs.behind;
    const int8_t *const last = bytes + (filters & ~1) * size;

    tile->end = tile->columns[0] + size;
    for (int32_t i = pixels; i < 4; i++) {
        tile->columns[i] = tile->columns[0];
    }
    if (filters > 1) {
        tile->pairs.output = output;
        tile->pairs.channels = weights;
        tile->pairs.weights = (const int32_t *)(const void *)bytes;
        tile->pairs.weights_end = (const int32_t *)(const void *)last;
        if (pixels < 4) {
            qmcu_mve_pair_offsets(tile, filters, pixels, 1);
        }
        multiply(tile);
        if (pixels < 4) {
            qmcu_mve_pair_offsets(tile, filters, 4, 1);
        }
    }
    if (filters & 1) {
        single(tile, params, weights + 3 * (filters - 1), last, pixels, output + filters - 1);
    }
}

static void any(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params, const int32_t *weights,
                int32_t pixels, int8_t *output)
{
    for (; pixels > 0; pixels -= 4, output += 4 * params->filters) {
        four(tile, params, weights, pixels < 4 ? pixels : 4, output);
        for (int32_t i = 0; i < 4; i++) {
            tile->columns[i] += tile->pitch;
        }
    }
}

static void begin(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                  const qmcu_mve_multiplier *by)
{
    qmcu_mve_begin_pairs(tile, params, by);
    tile->pairs.left = params->form >> 2;
    tile->pairs.behind = 12 * params->filters;
}

const qmcu_mve_multiplier qmcu_mve_int8_any = {
    .begin = begin,
    .tile = any,
    .multiply = multiply,
    .code_bytes = 14 * 4,
    .at_once = 2,
};
