/* The convolution of conv_3x3_winograd_dsp with weights that are bytes in flash. The values of some
   tiles are laid out; then, filter by filter, the weights are transformed and multiplied with four
   tiles at a time: tiles take the place that four filters have there. */
#include "small.h"

#include "conv_3x3_winograd_bytes_dsp.h"

#include <string.h>

#include "winograd_multiply_dsp.h"
#include "winograd_weights_dsp.h"

/* Where the outputs of a tile go that is no whole one, how many rows it has, and columns; none if it is. */
typedef struct {
    int8_t *output;
    int32_t rows, columns;
} place;

/* Lies in scratch, where it counts during this layer alone; the stack counts always. */
typedef struct {
    qmcu_winograd_tiles tiles;
    const int32_t *weights;
    const qmcu_winograd_filter *filters;
    uint32_t *end;    /* of a filter's transformed weights, where the values begin */
    int32_t position; /* words, negative, from one position of these to the next */
    int32_t row_bytes;
    int8_t *output;
    qmcu_winograd_slot *slots;
    place *places;
    int8_t part[4][16];
} work;
_Static_assert(sizeof(work) == 136 && sizeof(place) == 12, "scratch as the header has it");

static inline int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* The values of up to `most` tiles, a multiple of 4, and where their outputs go. Returns how many
   there are, tiles of nothing that fill up four included. */
__attribute__((noinline)) static int32_t lay_out(work *w, int32_t most)
{
    const qmcu_winograd_image *const image = w->tiles.image;
    int32_t count = 0;
    do {
        const int32_t lane = count & 3;
        const int32_t rows = image->output_height - w->tiles.row;
        const int32_t columns = image->output_width - w->tiles.column;
        place *const to = w->places + count;
        qmcu_winograd_slot *const slot = w->slots + count;
        to->output =
            w->output + w->tiles.row * w->row_bytes + w->tiles.column * image->output_depth;
        to->rows = least(rows, 4);
        to->columns = least(columns, 4);
        *slot = (qmcu_winograd_slot){w->part[lane], 1, 3, w->filters};
        if (least(rows, columns) >= 4) {
            to->columns = 0;
            slot->output = to->output;
            slot->depth = image->output_depth;
            slot->next_row = w->row_bytes - image->output_depth;
        }
        if (rows > 0) {
            qmcu_winograd_tile_dsp(&w->tiles,
                                   w->end + 4 * w->position -
                                       4 * QMCU_WINOGRAD_POSITIONS * w->position * (count / 4 + 1) +
                                       lane,
                                   4 * w->position, 4);
        }
        ++count;
    } while ((count & 3) || (count < most && w->tiles.row < image->output_height));
    return count;
}

/* The next outputs of four tiles go behind the last ones; those of tiles with fewer rows or columns are
   in `part`. */
__attribute__((noinline)) static void advance(const work *w, int32_t first)
{
    const int32_t depth = w->tiles.image->output_depth;
    for (int32_t i = 0; i < 4; ++i) {
        qmcu_winograd_slot *const slot = w->slots + first + i;
        place *const to = w->places + first + i;
        ++slot->filter;
        if (to->columns == 0) {
            ++slot->output;
            continue;
        }
        for (int32_t row = 0; row < to->rows; ++row) {
            for (int32_t column = 0; column < to->columns; ++column) {
                to->output[row * w->row_bytes + column * depth] = w->part[i][4 * row + column];
            }
        }
        ++to->output;
    }
}

/* All filters of the tiles that are laid out. */
static void multiply_tiles(const work *w, int32_t count)
{
    const int32_t words = w->tiles.words, steps = -w->position / 4;
    const int32_t skipped = QMCU_WINOGRAD_STEP_CODE * (QMCU_WINOGRAD_MAX_STEPS - steps);
    uint32_t *const begin = w->end + QMCU_WINOGRAD_POSITIONS * w->position;
    const int32_t *weights = w->weights;
    int32_t left = w->tiles.image->output_depth;
    do {
        qmcu_winograd_weights_dsp(weights, w->end + 31 * w->position, 4 * w->position, words);
        weights += 9 * words;
        const int16_t *values = (const int16_t *)w->end;
        for (int32_t first = 0; first < count; first += 4) {
            qmcu_winograd_multiply_dsp(begin, values, w->end, skipped, w->slots + first);
            advance(w, first);
            values -= 8 * QMCU_WINOGRAD_POSITIONS * w->position;
        }
    } while (--left);
}

void qmcu_conv_3x3_winograd_bytes_dsp(const qmcu_conv_3x3_winograd_bytes_dsp_params *p,
                                      const int8_t *input, const int32_t *weights,
                                      const int32_t *filters, void *scratch, int8_t *output)
{
    const qmcu_winograd_image *const image = &p->image;
    work *const w = scratch;
    w->weights = weights;
    w->filters = (const qmcu_winograd_filter *)filters;
    w->position = -4 * ((image->input_depth + 7) / 8);
    w->row_bytes = image->output_width * image->output_depth;
    w->output = output;
    w->slots = (qmcu_winograd_slot *)(w + 1);
    w->places = (place *)(w->slots + p->tiles);
    uint32_t *const begin = (uint32_t *)(w->places + p->tiles);
    w->end = begin - QMCU_WINOGRAD_POSITIONS * w->position;
    uint32_t *const kept = w->end - QMCU_WINOGRAD_POSITIONS * w->position * p->tiles;
    /* The last words of a position may be of no channels. */
    memset(begin, 0, (size_t)((const int8_t *)w->end - (const int8_t *)begin));
    for (int32_t batch = 0; batch < image->batches; ++batch) {
        qmcu_winograd_begin_dsp(&w->tiles, image, input, kept);
        while (w->tiles.row < image->output_height) {
            multiply_tiles(w, lay_out(w, p->tiles));
        }
        input += image->input_height * image->input_width * image->input_depth;
        w->output += image->output_height * w->row_bytes;
    }
}
