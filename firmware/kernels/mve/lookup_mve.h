#ifndef QMCU_LOOKUP_MVE_H
#define QMCU_LOOKUP_MVE_H

#include <stdint.h>

typedef struct {
    int32_t size;
} qmcu_lookup_mve_params;

/* table holds 256 results, that of the byte b at b taken as unsigned. The output may lie exactly
   over the input. */
void qmcu_lookup_mve(const qmcu_lookup_mve_params *params, const int8_t *input, const int8_t *table,
                     int8_t *output);

#endif
