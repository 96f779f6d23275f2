/* Four windows of bytes as columns for multiply_four_dsp.h: of each 4 values x[column][value] six words,
   (x0 + 128) + 256 * x1, (x1 + 128) + 256 * x2 and (x2 + 128) + 256 * x3 as halfwords, of values 0 and
   2, then of 1 and 3. */
#ifndef QMCU_COLUMNS_FOUR_DSP_H
#define QMCU_COLUMNS_FOUR_DSP_H

#include <stdint.h>

/* Rows of a window: a row is so many words of bytes, from their end to the next one's begin are `skip`
   bytes. */
typedef struct {
    int32_t rows;
    int32_t words;
    int32_t skip;
} qmcu_four_window;

/* Four windows, of which each begins `step` bytes behind the one before. */
void qmcu_columns_four_dsp(uint32_t *columns, const int8_t *from, int32_t step,
                           const qmcu_four_window *window);

/* One window, of column 0 to 3; those before it must be there. */
void qmcu_column_of_four_dsp(uint32_t *columns, const int8_t *from, int32_t column,
                             const qmcu_four_window *window);

#endif
