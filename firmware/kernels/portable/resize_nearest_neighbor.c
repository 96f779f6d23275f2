#include "resize_nearest_neighbor.h"

#include "resize_nearest_neighbor_code.h"

void qmcu_resize_nearest_neighbor(const qmcu_resize_nearest_neighbor_params *params,
                                  const int8_t *input, const int16_t *rows, const int16_t *columns,
                                  int8_t *output)
{
    qmcu_resize_nearest_neighbor_by(params, input, rows, columns, output, qmcu_copy_plain);
}
