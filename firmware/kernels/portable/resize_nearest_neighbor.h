#ifndef QMCU_RESIZE_NEAREST_NEIGHBOR_H
#define QMCU_RESIZE_NEAREST_NEIGHBOR_H

#include <stdint.h>

typedef struct {
    int32_t batches;
    int32_t input_height;
    int32_t input_width;
    int32_t depth;
    int32_t output_height;
    int32_t output_width;
} qmcu_resize_nearest_neighbor_params;

/* rows and columns give, for each output row and column, the input row and column it shows. */
void qmcu_resize_nearest_neighbor(const qmcu_resize_nearest_neighbor_params *params,
                                  const int8_t *input, const int16_t *rows, const int16_t *columns,
                                  int8_t *output);

#endif
