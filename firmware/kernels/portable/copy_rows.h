/* Copies of rows of bytes, as all kernels have them that join, cut and slice tensors. */
#ifndef QMCU_COPY_ROWS_H
#define QMCU_COPY_ROWS_H

#include <stdint.h>

/* `rows` of `length` bytes, which lie the steps behind each other; neither may lie over the other. */
typedef void qmcu_copy_rows_function(int8_t *to, int32_t to_step, const int8_t *from,
                                     int32_t from_step, int32_t length, int32_t rows);

/* Of few bytes by words where a core has these at any address, for a call of the library's function takes
   longer. */
qmcu_copy_rows_function qmcu_copy_rows;

#endif
