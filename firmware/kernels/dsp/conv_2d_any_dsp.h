#ifndef QMCU_CONV_2D_ANY_DSP_H
#define QMCU_CONV_2D_ANY_DSP_H

#include "columns_dsp.h"

typedef struct {
    qmcu_window window;
    int32_t input_zero_point;
    int32_t output_zero_point;
    int32_t groups;
} qmcu_conv_2d_any_dsp_params;

/* conv_2d_dsp.h for sums and multipliers of any size, and groups of channels; weights [filters][values] as
   a model has them, up to 3 bytes behind them are read; channels as any_dsp.h says. */
void qmcu_conv_2d_any_dsp(const qmcu_conv_2d_any_dsp_params *params, const int8_t *input,
                          const int8_t *weights, const int32_t *channels, void *scratch,
                          int8_t *output);

#endif
