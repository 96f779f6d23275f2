#ifndef QMCU_MOVE_ROWS_H
#define QMCU_MOVE_ROWS_H

#include <stdint.h>

typedef struct {
    int32_t size;
} qmcu_move_rows_params;

/* `output` lies before `input` or is it; both are aligned to words and may overlap. */
void qmcu_move_rows(const qmcu_move_rows_params *params, const int8_t *input, int8_t *output);

#endif
