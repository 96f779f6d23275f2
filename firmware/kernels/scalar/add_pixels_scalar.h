/* Products of packed windows of four pixels with filters, added to sums. */
#ifndef QMCU_ADD_PIXELS_SCALAR_H
#define QMCU_ADD_PIXELS_SCALAR_H

#include <stdint.h>

typedef struct {
    const uint32_t *columns; /* as qmcu_pixels has them */
    int32_t pairs;           /* of taps, at least one */
    const int8_t *filter;    /* of the first one */
    int32_t filter_step;     /* to the next one */
    uint32_t *sums;          /* four of each filter */
    int32_t count;           /* of filters, at least one */
} qmcu_added_pixels;

/* Changes `added`. */
void qmcu_add_pixels_scalar(qmcu_added_pixels *added);

#endif
