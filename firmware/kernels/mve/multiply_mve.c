/* In assembly, since eight sums in the even registers, the only ones that VMLADAVA takes, leave just
   the odd ones for six addresses: 14 instructions for the 128 products of a step. */
#include "multiply_mve.h"

#include "multiply_code_mve.h"

#define STEPS_A_ROUND 4

static __attribute__((naked, noinline)) void multiply(__attribute__((unused))
                                                      const qmcu_mve_tile *tile)
{
    QMCU_MVE_MULTIPLY(QMCU_MVE_STEP);
}

/* Every MVE instruction has four bytes. */
const qmcu_mve_multiplier qmcu_mve_int8 = {
    .begin = qmcu_mve_begin_pairs,
    .tile = qmcu_mve_pairs,
    .multiply = multiply,
    .code_bytes = 14 * 4, /* every MVE instruction has four bytes */
    .words = 8,
    .at_once = 2,
};

/* Lanes of pixels past the last are the first pixel once more, bytes and address. */
void qmcu_mve_pair_offsets(qmcu_mve_tile *tile, int32_t filters, int32_t pixels, int32_t second)
{
    for (int32_t i = 0; i < 4; i++) {
        const int32_t offset = i < pixels ? i * filters : 0;
        tile->pairs.offsets[2 * i] = (uint16_t)offset;
        tile->pairs.offsets[2 * i + 1] = (uint16_t)(offset + second);
    }
}

void qmcu_mve_begin_pairs(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                          const qmcu_mve_multiplier *by)
{
    /* A round is left where columns[0] ends, so that the first one may start in its middle. */
    const int32_t over =
        params->steps == 1 ? STEPS_A_ROUND : -(params->steps - 1) & (STEPS_A_ROUND - 1);

    tile->pairs.skip = over * by->code_bytes;
    tile->pairs.form = params->form & 3;
    tile->pairs.zero_point = params->zero_point;
    tile->pairs.maximum = params->maximum;
    for (int32_t i = 0; i < 8; i++) {
        tile->pairs.minimum[i] = (int16_t)params->minimum;
    }
    qmcu_mve_pair_offsets(tile, params->filters, 4, 1);
}

static void pairs(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                  const int32_t *weights, int32_t pixels, int8_t *output)
{
    const int32_t filters = params->filters;
    const int32_t record = tile->by->words * params->steps + 6;

    tile->end = tile->columns[0] + 16 * params->steps;
    tile->pairs.output = output;
    tile->pairs.weights = weights;
    tile->pairs.weights_end = weights + (filters >> 1) * record;
    if (pixels < 4) {
        for (int32_t i = pixels; i < 4; i++) {
            tile->columns[i] = tile->columns[0];
        }
        qmcu_mve_pair_offsets(tile, filters, pixels, 1);
    }
    if (filters > 1) {
        tile->by->multiply(tile);
    }
    if (filters & 1) {
        qmcu_mve_pair_offsets(tile, filters, pixels, 0);
        tile->pairs.output = output + filters - 1;
        tile->pairs.weights = tile->pairs.weights_end;
        tile->pairs.weights_end += record;
        tile->by->multiply(tile);
    }
    if (pixels < 4 || filters & 1) {
        qmcu_mve_pair_offsets(tile, filters, 4, 1);
    }
}

void qmcu_mve_pairs(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                    const int32_t *weights, int32_t pixels, int8_t *output)
{
    for (; pixels > 0; pixels -= 4, output += 4 * params->filters) {
        pairs(tile, params, weights, pixels < 4 ? pixels : 4, output);
        for (int32_t i = 0; i < 4; i++) {
            tile->columns[i] += tile->pitch;
        }
    }
}
