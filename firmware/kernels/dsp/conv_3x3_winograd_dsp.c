/* 3x3 convolution, stride 1, by Winograd's F(4x4, 3x3) in integers: 36 products for 16 outputs
   instead of 144. The result is 576 = 24 * 24 times the sum, or that by a power of two, mod 2^32. 576
   is 64 * 9 and 9 has an inverse mod 2^32, hence 64 * sum is exact while |sum| < 2^25. Weights are
   transformed in flash, within 49 * 128 = 6272: halfwords; the zero point's share is in the bias. */
#include "conv_3x3_winograd_dsp.h"

#include "winograd_multiply_dsp.h"

/* All filters of a tile with so many rows and columns; if they are fewer than 4, or a filter is
 * missing, through `part`. */
static void multiply_tile(const qmcu_conv_3x3_winograd_dsp_params *p, const uint32_t *values,
                          const uint32_t *values_end, const int16_t *weights,
                          const qmcu_winograd_filter *filters, int8_t *output, int32_t rows,
                          int32_t columns)
{
    int8_t part[4][16];
    qmcu_winograd_slot slots[4];
    const int32_t depth = p->output_depth, row_bytes = p->output_width * depth;
    const int32_t steps = (int32_t)(values_end - values) / (4 * QMCU_WINOGRAD_POSITIONS);
    const int32_t skipped = QMCU_WINOGRAD_STEP_CODE * (QMCU_WINOGRAD_MAX_STEPS - steps);
    const int32_t whole = rows >= 4 && columns >= 4;
    for (int32_t left = depth; left > 0; left -= 4) {
        for (int32_t i = 0; i < 4; ++i) {
            qmcu_winograd_slot *const slot = slots + i;
            slot->filter = filters++;
            if (whole && i < left) {
                slot->output = output + i;
                slot->depth = depth;
                slot->next_row = row_bytes - depth;
            } else {
                slot->output = part[i];
                slot->depth = 1;
                slot->next_row = 3;
            }
        }
        qmcu_winograd_multiply_dsp(values, weights, values_end, skipped, slots);
        for (int32_t i = 0; i < left && i < 4 && !whole; ++i) {
            for (int32_t k = 0; k < 16; ++k) {
                if ((k >> 2) < rows && (k & 3) < columns) {
                    output[(k >> 2) * row_bytes + (k & 3) * depth + i] = part[i][k];
                }
            }
        }
        weights += 8 * (values_end - values);
        output += 4;
    }
}

void qmcu_conv_3x3_winograd_dsp(const qmcu_conv_3x3_winograd_dsp_params *p, const int8_t *input,
                                const int16_t *weights, const int32_t *filters, void *scratch,
                                int8_t *output)
{
    const int32_t position = -4 * ((p->input_depth + 7) / 8);
    uint32_t *const values = scratch;
    uint32_t *const values_end = values - QMCU_WINOGRAD_POSITIONS * position;
    qmcu_winograd_tiles t;
    for (int32_t batch = 0; batch < p->batches; ++batch) {
        qmcu_winograd_begin_dsp(&t, p, input, values_end);
        while (t.row < p->output_height) {
            const int32_t row = t.row, column = t.column;
            qmcu_winograd_tile_dsp(&t, values_end + position, position, 1);
            multiply_tile(p, values, values_end, weights, (const qmcu_winograd_filter *)filters,
                          output + (row * p->output_width + column) * p->output_depth,
                          p->output_height - row, p->output_width - column);
        }
        input += p->input_height * p->input_width * p->input_depth;
        output += p->output_height * p->output_width * p->output_depth;
    }
}
