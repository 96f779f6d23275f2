#ifndef QMCU_GATHER_ND_H
#define QMCU_GATHER_ND_H

#include <stdint.h>

#define QMCU_GATHER_ND_INDICES 5

typedef struct {
    int32_t count;                         /* how many blocks are taken */
    int32_t indices;                       /* per block */
    int32_t steps[QMCU_GATHER_ND_INDICES]; /* bytes from one index to the next, for each of them */
    int32_t block;                         /* bytes of each */
    int32_t last;                          /* where the last block of the input begins */
} qmcu_gather_nd_params;

/* A block outside the input is moved to the nearest place inside. */
void qmcu_gather_nd(const qmcu_gather_nd_params *params, const int8_t *input,
                    const int32_t *indices, int8_t *output);

#endif
