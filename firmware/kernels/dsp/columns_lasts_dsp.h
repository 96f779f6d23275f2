/* Windows whose rows are words of bytes and one value more: of these the words for multiply_four_dsp.h, four
   rows in one. */
#ifndef QMCU_COLUMNS_LASTS_DSP_H
#define QMCU_COLUMNS_LASTS_DSP_H

#include "columns_four_dsp.h"

/* Of four windows where `column` is less than 0, as qmcu_columns_four_dsp, else of one of them. */
typedef void qmcu_columns_lasts(uint32_t *columns, const int8_t *from, int32_t step, int32_t column,
                                const qmcu_four_window *window);
qmcu_columns_lasts qmcu_columns_lasts_dsp;

#endif
