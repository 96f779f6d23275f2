/* Copying and filling runs of bytes; cores have functions of their own. */
#ifndef QMCU_BYTES_H
#define QMCU_BYTES_H

#include <stdint.h>
#include <string.h>

typedef void qmcu_copy_function(int8_t *to, const int8_t *from, int32_t count);
typedef void qmcu_fill_function(int8_t *to, int32_t value, int32_t count);

static inline void qmcu_copy_plain(int8_t *to, const int8_t *from, int32_t count)
{
    memcpy(to, from, (size_t)count);
}

/* Also to bytes further down of the same run, as any copy function of a core can: first bytes first. */
static inline void qmcu_move_plain(int8_t *to, const int8_t *from, int32_t count)
{
    memmove(to, from, (size_t)count);
}

static inline void qmcu_fill_plain(int8_t *to, int32_t value, int32_t count)
{
    memset(to, value, (size_t)count);
}

#endif
