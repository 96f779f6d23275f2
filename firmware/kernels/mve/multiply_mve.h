/* Four pixels times all filters: the inner loops of convolution for MVE. */
#ifndef QMCU_MULTIPLY_MVE_H
#define QMCU_MULTIPLY_MVE_H

#include <stdint.h>

/* How sums become bytes. */
enum {
    QMCU_MVE_AWAY, /* shifts of -31 to -1 */
    QMCU_MVE_RELU, /* the same with activation_minimum >= output_zero_point */
    QMCU_MVE_LEFT, /* shifts of -31 to 30 */
};

typedef struct {
    int32_t steps; /* values of a window / 16, rounded up */
    int32_t filters;
    int32_t form;
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
} qmcu_multiply_mve_params;

struct qmcu_mve_tile;

/* Multiplies four pixels by filters of one kind. */
typedef struct {
    void (*multiply)(const struct qmcu_mve_tile *tile);
    int32_t code_bytes; /* of one step */
    int32_t words;      /* of the weights of one step */
} qmcu_mve_multiplier;

/* What the assembly copies to its stack frame, in this order, and two vectors. */
typedef struct qmcu_mve_tile {
    const int8_t *columns[4];
    const int8_t *end; /* of columns[0] */
    int32_t skip;      /* bytes of code to skip in the first round of steps */
    int32_t form;
    int32_t zero_point;
    int32_t maximum;
    int8_t *output;
    const int32_t *weights_end;
    const int32_t *weights;
    uint16_t offsets[8]; /* of the outputs, pixel by pixel, two filters each */
    int16_t minimum[8];
    const qmcu_mve_multiplier *by;
} qmcu_mve_tile;

/* Fills in what all tiles of a layer share. */
void qmcu_mve_begin(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                    const qmcu_mve_multiplier *by);

/* output[i * filters + f] = output byte of filter f for the window at first + i * pitch, for `pixels`
   windows (1 to 4) and all filters. A window is 16 * steps bytes, those past its values times zero.
   weights are those of the tile's multiplier; an odd last filter is there twice. */
void qmcu_multiply_mve(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                       const int32_t *weights, const int8_t *first, int32_t pitch, int32_t pixels,
                       int8_t *output);

/* weights, for each two filters: 16 bytes of one, then of the other, step by step; then two biases,
   multipliers and shifts. */
extern const qmcu_mve_multiplier qmcu_mve_int8;

#endif
