#ifndef QMCU_EMBEDDING_LOOKUP_S8_F32_H
#define QMCU_EMBEDDING_LOOKUP_S8_F32_H

#include <stdint.h>

typedef struct {
    int32_t count;  /* indices */
    int32_t rows;   /* of the table */
    int32_t length; /* of a row */
    float scale;    /* of the table */
} qmcu_embedding_lookup_s8_f32_params;

/* An index outside the table takes its nearest row. */
void qmcu_embedding_lookup_s8_f32(const qmcu_embedding_lookup_s8_f32_params *params,
                                  const int32_t *indices, const int8_t *table, float *output);

#endif
