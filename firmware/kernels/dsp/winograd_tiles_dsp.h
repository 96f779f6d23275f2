#ifndef QMCU_WINOGRAD_TILES_DSP_H
#define QMCU_WINOGRAD_TILES_DSP_H
#include <stdint.h>
/* Images of a 3x3 convolution, stride 1. */
typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t input_depth;
    int32_t output_height;
    int32_t output_width;
    int32_t output_depth;
    int32_t padding_top;
    int32_t padding_left;
    int32_t input_zero_point;
} qmcu_winograd_image;

/* Tiles of 4x4 outputs, row by row. The input row above a row of tiles is kept in `above`, since an
   output row may have replaced it: input + 128, 4 * words bytes for each pixel. */
typedef struct {
    const qmcu_winograd_image *image;
    const int8_t *input;
    const int8_t *below; /* the row below that above the tiles */
    uint8_t *above;
    uint32_t *kept; /* the last two columns of the tile before, 96 bytes for each 4 channels */
    int32_t inside; /* of the 5 rows from `below` on those inside the image */
    int32_t words;  /* of 4 channels */
    uint32_t zero;  /* 4 times the zero point + 128 */
    int32_t row;    /* of the output, where the next tile begins */
    int32_t column;
} qmcu_winograd_tiles;

/* Before the first tile of an image. scratch: `kept` and `above`. */
void qmcu_winograd_begin_dsp(qmcu_winograd_tiles *tiles, const qmcu_winograd_image *image,
                             const int8_t *input, uint32_t *scratch);
/* The values of the next tile, two channels in a word. first: position 0 of the first pair; position,
   pair: words from one position (negative) and pair of channels to the next. */
void qmcu_winograd_tile_dsp(qmcu_winograd_tiles *tiles, uint32_t *first, int32_t position,
                            int32_t pair);
#endif
