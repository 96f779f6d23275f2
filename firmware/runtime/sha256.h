/* SHA-256 (FIPS 180-4), small rather than quick: data in pieces of any size. */
#ifndef QMCU_SHA256_H
#define QMCU_SHA256_H

#include <stdint.h>

typedef struct {
    uint32_t state[8];
    uint32_t length; /* bytes so far: below 512 MiB */
    union {
        uint8_t block[64];
        uint32_t words[16];
    };
} qmcu_sha256;

void qmcu_sha256_begin(qmcu_sha256 *hash);
void qmcu_sha256_put(qmcu_sha256 *hash, const uint8_t *data, uint32_t size);

/* Writes the 32 bytes of the digest; begin again for another. */
void qmcu_sha256_end(qmcu_sha256 *hash, uint8_t *digest);

#endif
