/* In assembly, since eight sums in the even registers, the only ones that VMLADAVA takes, leave just
   the odd ones for six addresses: 14 instructions for the 128 products of a step. */
#include "multiply_mve.h"

#include "multiply_code_mve.h"

#define STEPS_A_ROUND 4

#define QMCU_STEP(ACCUMULATE)                  \
    "vldrb.u8 q4, [r9], #16\n\t"               \
    "vldrb.u8 q0, [r1], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r0, q4, q0\n\t"  \
    "vldrb.u8 q1, [r3], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r2, q4, q1\n\t"  \
    "vldrb.u8 q2, [r5], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r4, q4, q2\n\t"  \
    "vldrb.u8 q3, [r7], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r6, q4, q3\n\t"  \
    "vldrb.u8 q5, [r9], #16\n\t"               \
    "vmladav" ACCUMULATE ".s8 r8, q5, q0\n\t"  \
    "vmladav" ACCUMULATE ".s8 r10, q5, q1\n\t" \
    "vmladav" ACCUMULATE ".s8 r12, q5, q2\n\t" \
    "vmladav" ACCUMULATE ".s8 lr, q5, q3\n\t"

static __attribute__((naked, noinline)) void multiply(__attribute__((unused))
                                                      const qmcu_mve_tile *tile)
{
    QMCU_MVE_MULTIPLY(QMCU_STEP);
}

/* Every MVE instruction has four bytes. */
const qmcu_mve_multiplier qmcu_mve_int8 = {multiply, 14 * 4, 8};

/* Lanes of pixels past the last are the first pixel once more, bytes and address. */
static void set_offsets(qmcu_mve_tile *tile, int32_t filters, int32_t pixels, int32_t second)
{
    for (int32_t i = 0; i < 4; i++) {
        const int32_t offset = i < pixels ? i * filters : 0;
        tile->offsets[2 * i] = (uint16_t)offset;
        tile->offsets[2 * i + 1] = (uint16_t)(offset + second);
    }
}

void qmcu_mve_begin(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                    const qmcu_mve_multiplier *by)
{
    /* A round is left where columns[0] ends, so that the first one may start in its middle. */
    const int32_t over =
        params->steps == 1 ? STEPS_A_ROUND : -(params->steps - 1) & (STEPS_A_ROUND - 1);

    tile->by = by;
    tile->skip = over * by->code_bytes;
    tile->form = params->form;
    tile->zero_point = params->zero_point;
    tile->maximum = params->maximum;
    for (int32_t i = 0; i < 8; i++) {
        tile->minimum[i] = (int16_t)params->minimum;
    }
    set_offsets(tile, params->filters, 4, 1);
}

void qmcu_multiply_mve(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                       const int32_t *weights, const int8_t *first, int32_t pitch, int32_t pixels,
                       int8_t *output)
{
    const int32_t filters = params->filters;
    const int32_t record = tile->by->words * params->steps + 6;

    tile->columns[0] = first;
    tile->columns[1] = first + pitch;
    tile->columns[2] = first + 2 * pitch;
    tile->columns[3] = first + 3 * pitch;
    tile->end = first + 16 * params->steps;
    tile->output = output;
    tile->weights = weights;
    tile->weights_end = weights + (filters >> 1) * record;
    if (pixels < 4) {
        for (int32_t i = pixels; i < 4; i++) {
            tile->columns[i] = first;
        }
        set_offsets(tile, filters, pixels, 1);
    }
    if (filters > 1) {
        tile->by->multiply(tile);
    }
    if (filters & 1) {
        set_offsets(tile, filters, pixels, 0);
        tile->output = output + filters - 1;
        tile->weights = tile->weights_end;
        tile->weights_end += record;
        tile->by->multiply(tile);
    }
    if (pixels < 4 || filters & 1) {
        set_offsets(tile, filters, 4, 1);
    }
}
