#ifndef QMCU_ADD_TABLE_DSP_H
#define QMCU_ADD_TABLE_DSP_H
#include <stdint.h>
typedef struct {
    int32_t size;
    int32_t multiplier, rounding, shift; /* of the output */
} qmcu_add_table_dsp_params;
/* Without broadcasting. wider: the input of the larger scale. table[other as unsigned byte]: 2 *
   (other's scaled value less wider's zero point << 19). The output may be either input. */
void qmcu_add_table_dsp(const qmcu_add_table_dsp_params *params, const int8_t *wider,
                        const int8_t *other, const int32_t *table, int8_t *output);
#endif
