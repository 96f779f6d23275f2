/* Matrix products with vectors of one side packed in scratch:
   sum of (a - za) * (b - zb) = sum of a * (b - zb) - za * sum of (b - zb), for packed b. */
#ifndef QMCU_BATCH_MATMUL_PACKED_CODE_H
#define QMCU_BATCH_MATMUL_PACKED_CODE_H

#include "batch_matmul_packed.h"

/* The product of one batch. */
typedef void qmcu_packed_product(const qmcu_batch_matmul_packed_params *p, const int8_t *passing,
                                 const int8_t *packed, void *scratch, int8_t *output);

static inline __attribute__((always_inline)) void
qmcu_batch_matmul_packed_by(const qmcu_batch_matmul_packed_params *p, const int8_t *passing,
                            const int8_t *packed, void *scratch, int8_t *output,
                            qmcu_packed_product *product)
{
    const int32_t *const a = p->passing_batch_steps;
    const int32_t *const b = p->packed_batch_steps;
    const int32_t *const n = p->batches;
    for (int32_t i = 0; i < n[0]; ++i) {
        for (int32_t j = 0; j < n[1]; ++j) {
            for (int32_t k = 0; k < n[2]; ++k) {
                product(p, passing + i * a[0] + j * a[1] + k * a[2],
                        packed + i * b[0] + j * b[1] + k * b[2], scratch, output);
                output += p->passing * p->packed;
            }
        }
    }
}

/* Two packed vectors and what their sums begin with. */
typedef struct {
    const int32_t *words;
    const int32_t *end;
    int32_t offsets[2];
    int32_t
        beside; /* from an output of the first one to that of the second, 0 where there is none */
} qmcu_packed_pair;

/* Packs a vector into every other word, or pair of words. Gives the sum of (b - zb). */
typedef int32_t qmcu_pack_vector(const qmcu_batch_matmul_packed_params *p, const int8_t *vector,
                                 int32_t *words);

/* Two passing vectors times the pair, the outputs of the second at `other`. Those of vectors that are
   not there lie where those that are there are written later: the last ones first. */
typedef void qmcu_four_outputs(const qmcu_batch_matmul_packed_params *p, const int8_t *first,
                               const int8_t *second, const qmcu_packed_pair *pair, int8_t *output,
                               int8_t *other);

/* The product of one batch by twos; `words` is how many a packed pair takes. */
static inline __attribute__((always_inline)) void
qmcu_matmul_by_twos(const qmcu_batch_matmul_packed_params *p, const int8_t *passing,
                    const int8_t *packed, int32_t *scratch, int32_t words, int8_t *output,
                    qmcu_pack_vector *pack, qmcu_four_outputs *four)
{
    qmcu_packed_pair pair = {scratch, scratch + words, {0, 0}, p->packed_output_step};
    const int32_t step = p->passing_vector_step, to = p->passing_output_step;
    for (int32_t left = p->packed; left > 0; left -= 2) {
        pair.offsets[0] = -p->passing_zero_point * pack(p, packed, scratch);
        if (left > 1) {
            packed += p->packed_vector_step;
        } else {
            pair.beside = 0;
        }
        pair.offsets[1] = -p->passing_zero_point * pack(p, packed, scratch + 1);
        const int8_t *first = passing;
        int8_t *to_first = output;
        for (int32_t row = p->passing; row > 0; row -= 2) {
            const int32_t both = row > 1;
            four(p, first, both ? first + step : first, &pair, to_first,
                 both ? to_first + to : to_first);
            first += 2 * step;
            to_first += 2 * to;
        }
        packed += p->packed_vector_step;
        output += 2 * p->packed_output_step;
    }
}

#endif
