#include "columns_lasts_dsp.h"

void qmcu_columns_lasts_dsp(uint32_t *columns, const int8_t *from, int32_t step, int32_t column,
                            const qmcu_four_window *window)
{
    static const qmcu_four_window word = {1, 1, 0};
    const int32_t row_bytes = 4 * window->words + window->skip;
    const int32_t count = column < 0 ? 16 : 4;
    from += 4 * window->words;
    for (int32_t rows = window->rows; rows > 0; rows -= 4) {
        int8_t values[16] = {0};
        const int32_t end = rows < 4 ? rows : 4;
        for (int32_t row = 0; row < end; ++row) {
            const int8_t *value = from;
            for (int32_t i = row; i < count; i += 4) {
                values[i] = *value;
                value += step;
            }
            from += row_bytes;
        }
        if (column < 0) {
            qmcu_columns_four_dsp(columns, values, 4, &word);
        } else {
            qmcu_column_of_four_dsp(columns, values, column, &word);
        }
        columns += 6;
    }
}
