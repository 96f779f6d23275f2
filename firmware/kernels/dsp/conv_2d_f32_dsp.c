/* The taps inside the image, row by row where they lie. */
#include "conv_2d_f32_dsp.h"

#include "filters_f32_dsp.h"

void qmcu_conv_2d_f32_dsp(const qmcu_conv_2d_f32_dsp_params *params, const float *input,
                          const float *weights, const float *bias, float *output)
{
    const qmcu_window *const w = &params->window;
    const int32_t depth = w->input_depth;
    const int32_t filter_row = w->kernel_width * depth;
    const int32_t image_row = w->input_width * depth;
    const qmcu_filters_f32 filters = {w->output_depth, w->kernel_height * filter_row,
                                      params->activation_minimum, params->activation_maximum};
    qmcu_runs_f32 runs = {.image_row = w->dilation_height * image_row,
                          .image_run = w->dilation_width * depth,
                          .filter_row = filter_row,
                          .filter_run = depth};
    for (int32_t batch = 0; batch < w->batches; ++batch) {
        for (int32_t row = 0; row < w->output_height; ++row) {
            const int32_t y = row * w->stride_height - w->padding_top;
            const qmcu_taps rows =
                qmcu_taps_inside(y, w->dilation_height, w->kernel_height, w->input_height);
            runs.rows = qmcu_taps_count(rows);
            for (int32_t column = 0; column < w->output_width; ++column) {
                const int32_t x = column * w->stride_width - w->padding_left;
                const qmcu_taps columns =
                    qmcu_taps_inside(x, w->dilation_width, w->kernel_width, w->input_width);
                const int32_t inside = qmcu_taps_count(columns);
                /* Neighbouring taps that are neighbours in memory too are one run. */
                const int32_t joined = w->dilation_width == 1;
                runs.runs = joined ? 1 : inside;
                runs.length = joined ? inside * depth : depth;
                runs.filter_first = rows.first * filter_row + columns.first * depth;
                const int32_t first_y = y + rows.first * w->dilation_height;
                const int32_t first_x = x + columns.first * w->dilation_width;
                qmcu_filters_f32_dsp(&filters, &runs, input + first_y * image_row + first_x * depth,
                                     weights, bias, output);
                output += w->output_depth;
            }
        }
        input += w->input_height * image_row;
    }
}
