/* HMAC (RFC 2104, FIPS 198-1) with SHA-256, and the key derivation that is made of it. */
#ifndef QMCU_HMAC_H
#define QMCU_HMAC_H

#include "sha256.h"

#include <stdint.h>

enum { QMCU_HMAC_SIZE = 32 };

/* A key as it is used: the states of both hashes behind their first block, which is the key's. */
typedef struct {
    uint32_t inner[8];
    uint32_t outer[8];
} qmcu_hmac_key;

typedef struct {
    qmcu_sha256 hash;
    const qmcu_hmac_key *key;
} qmcu_hmac;

void qmcu_hmac_prepare(qmcu_hmac_key *prepared, const uint8_t *key, uint32_t size);

/* `key` must stay until the end. */
void qmcu_hmac_begin(qmcu_hmac *hmac, const qmcu_hmac_key *key);
void qmcu_hmac_put(qmcu_hmac *hmac, const void *data, uint32_t size);

/* Writes the 32 bytes, and leaves nothing of the key behind. */
void qmcu_hmac_end(qmcu_hmac *hmac, uint8_t *code);

/* Counter mode of NIST SP 800-108r1 with a 32-bit counter in front: `blocks` times 32 bytes. */
void qmcu_kdf(const uint8_t *key, uint32_t key_size, const uint8_t *fixed, uint32_t fixed_size,
              uint8_t *out, uint32_t blocks);

/* Makes `size` bytes zero, which no compiler leaves out. */
void qmcu_wipe(void *data, uint32_t size);

#endif
