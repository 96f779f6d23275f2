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

/* Multiplies pixels by filters of one kind. */
typedef struct qmcu_mve_multiplier {
    void (*begin)(struct qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                  const struct qmcu_mve_multiplier *by);
    /* The windows at tile->columns, one to three or four; or more, of which each four are tile->pitch behind
       the four before. Changes columns. */
    void (*tile)(struct qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                 const int32_t *weights, int32_t pixels, int8_t *output);
    /* Of those that take two filters at a time. */
    void (*multiply)(const struct qmcu_mve_tile *tile);
    int32_t code_bytes; /* of one step */
    int32_t words;      /* of the weights of one step */
    int32_t at_once;    /* filters that one reading of the pixels is enough for */
} qmcu_mve_multiplier;

/* What the assembly copies to its stack frame: 12 words of pairs, 17 of fours; and vectors. */
typedef struct qmcu_mve_tile {
    const int8_t *columns[4];
    const int8_t *end; /* of columns[0] */
    union {
        struct {
            int32_t skip; /* bytes of code to skip in the first round of steps */
            int32_t form;
            int32_t zero_point;
            int32_t maximum;
            int8_t *output;
            const int32_t *weights_end;
            const int32_t *weights;
            uint16_t offsets[8]; /* of the outputs, pixel by pixel, two filters each */
            int16_t minimum[8];
            /* Of filters that are not filled up: */
            int32_t left;            /* their values that are no vector */
            const int32_t *channels; /* of the next two */
            int32_t behind;          /* where they begin, behind all channels' first */
        } pairs;
        struct {
            uintptr_t
                first; /* addresses of code, odd: where steps 2 to n of filters 0 and 2 begin; 0: a
                                window is one vector, which stays in registers */
            uintptr_t round;
            uintptr_t clamp;
            int32_t zero_point;
            const int32_t *weights_end;
            int32_t minimum;
            int32_t maximum;
            uintptr_t second; /* of filters 1 and 3 */
            const int32_t *weights;
            int32_t pitch;      /* the tile's */
            int32_t step;       /* bytes from the outputs' end to those of the next four pixels */
            int32_t count;      /* of four pixels */
            int32_t offsets[4]; /* of the outputs' words, less 4 */
            int32_t words;      /* of all weights */
            int32_t left; /* values that are left of vectors, where filters are not filled up */
        } fours;
    };
    int32_t pitch;
    const qmcu_mve_multiplier *by;
} qmcu_mve_tile;

/* Fills in what all tiles of a layer share. */
static inline void qmcu_mve_begin(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                                  const qmcu_mve_multiplier *by)
{
    tile->by = by;
    by->begin(tile, params, by);
}

/* The windows at first, each `pitch` behind the one before. */
static inline void qmcu_mve_point(qmcu_mve_tile *tile, const int8_t *first, int32_t pitch)
{
    tile->columns[0] = first;
    tile->columns[1] = first + pitch;
    tile->columns[2] = first + 2 * pitch;
    tile->columns[3] = first + 3 * pitch;
    tile->pitch = 4 * pitch;
}

/* output[i * filters + f] = output byte of filter f for the window at first + i * pitch, for `pixels`
   windows (1 to 4, or a multiple of 4) and all filters. A window is 16 * steps bytes, those past its values
   times zero. weights are those of the tile's multiplier. */
static inline void qmcu_multiply_mve(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                                     const int32_t *weights, const int8_t *first, int32_t pitch,
                                     int32_t pixels, int8_t *output)
{
    qmcu_mve_point(tile, first, pitch);
    tile->by->tile(tile, params, weights, pixels, output);
}

/* Of multipliers that take two filters at a time: where outputs go, of filters `second` bytes apart. */
void qmcu_mve_pair_offsets(qmcu_mve_tile *tile, int32_t filters, int32_t pixels, int32_t second);

/* The two functions of multipliers that take two filters at a time. */
void qmcu_mve_begin_pairs(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                          const qmcu_mve_multiplier *by);
void qmcu_mve_pairs(qmcu_mve_tile *tile, const qmcu_multiply_mve_params *params,
                    const int32_t *weights, int32_t pixels, int8_t *output);

/* weights, for each two filters: 16 bytes of one, then of the other, step by step; then two biases,
   multipliers and shifts. An odd last filter is there twice. */
extern const qmcu_mve_multiplier qmcu_mve_int8;

#endif
