/* Copying and filling by words: the library's are by bytes where it is built for size. */
#ifndef QMCU_COPY_DSP_H
#define QMCU_COPY_DSP_H

#include <stdint.h>

void qmcu_copy_bytes(int8_t *to, const int8_t *from, int32_t count);
void qmcu_fill_bytes(int8_t *to, int32_t value, int32_t count);

#endif
