/* resize_nearest_neighbor by 16 bytes at a time. */
#include "resize_nearest_neighbor_mve.h"

#include "mve.h"
#include "resize_nearest_neighbor_code.h"

void qmcu_resize_nearest_neighbor_mve(const qmcu_resize_nearest_neighbor_mve_params *params,
                                      const int8_t *input, const int16_t *rows,
                                      const int16_t *columns, int8_t *output)
{
    qmcu_resize_nearest_neighbor_by(params, input, rows, columns, output, qmcu_mve_copy);
}
