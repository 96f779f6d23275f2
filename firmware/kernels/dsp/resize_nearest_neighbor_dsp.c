/* resize_nearest_neighbor by whole words. */
#include "resize_nearest_neighbor_dsp.h"

#include "bytes_dsp.h"
#include "resize_nearest_neighbor_code.h"

void qmcu_resize_nearest_neighbor_dsp(const qmcu_resize_nearest_neighbor_dsp_params *params,
                                      const int8_t *input, const int16_t *rows,
                                      const int16_t *columns, int8_t *output)
{
    qmcu_resize_nearest_neighbor_by(params, input, rows, columns, output, qmcu_copy_run);
}
