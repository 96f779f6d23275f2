#include "hmac.h"

#include <string.h>

enum { BLOCK = 64, INNER = 0x36, OUTER = 0x5C };

void qmcu_wipe(void *data, uint32_t size)
{
    for (volatile uint8_t *byte = data; size > 0; --size) {
        *byte++ = 0;
    }
}

/* The state behind one block of `pad`, of which each byte is changed by `change` before. */
static void first_block(qmcu_sha256 *hash, uint8_t *pad, uint8_t change, uint32_t *state)
{
    for (uint32_t i = 0; i < BLOCK; ++i) {
        pad[i] ^= change;
    }
    qmcu_sha256_begin(hash);
    qmcu_sha256_put(hash, pad, BLOCK);
    memcpy(state, hash->state, sizeof hash->state);
}

/* K xor ipad and K xor opad. */
void qmcu_hmac_prepare(qmcu_hmac_key *prepared, const uint8_t *key, uint32_t size)
{
    qmcu_sha256 hash;
    uint8_t pad[BLOCK] = {0};
    if (size > BLOCK) {
        qmcu_sha256_begin(&hash);
        qmcu_sha256_put(&hash, key, size);
        qmcu_sha256_end(&hash, pad);
    } else {
        memcpy(pad, key, size);
    }
    first_block(&hash, pad, INNER, prepared->inner);
    first_block(&hash, pad, INNER ^ OUTER, prepared->outer);
    qmcu_wipe(pad, sizeof pad);
    qmcu_wipe(&hash, sizeof hash);
}

static void resume(qmcu_sha256 *hash, const uint32_t *state)
{
    memcpy(hash->state, state, sizeof hash->state);
    hash->length = BLOCK;
}

void qmcu_hmac_begin(qmcu_hmac *hmac, const qmcu_hmac_key *key)
{
    hmac->key = key;
    resume(&hmac->hash, key->inner);
}

void qmcu_hmac_put(qmcu_hmac *hmac, const void *data, uint32_t size)
{
    qmcu_sha256_put(&hmac->hash, data, size);
}

/* H(K xor opad, H(K xor ipad, text)). */
void qmcu_hmac_end(qmcu_hmac *hmac, uint8_t *code)
{
    qmcu_sha256_end(&hmac->hash, code);
    resume(&hmac->hash, hmac->key->outer);
    qmcu_sha256_put(&hmac->hash, code, QMCU_HMAC_SIZE);
    qmcu_sha256_end(&hmac->hash, code);
    qmcu_wipe(hmac, sizeof *hmac);
}

/* K(i) = HMAC(key, [i]_32 || fixed), the counter from 1, highest byte first. */
void qmcu_kdf(const uint8_t *key, uint32_t key_size, const uint8_t *fixed, uint32_t fixed_size,
              uint8_t *out, uint32_t blocks)
{
    qmcu_hmac_key prepared;
    qmcu_hmac hmac;
    qmcu_hmac_prepare(&prepared, key, key_size);
    for (uint32_t i = 1; i <= blocks; ++i) {
        const uint8_t counter[4] = {0, 0, 0, (uint8_t)i};
        qmcu_hmac_begin(&hmac, &prepared);
        qmcu_hmac_put(&hmac, counter, sizeof counter);
        qmcu_hmac_put(&hmac, fixed, fixed_size);
        qmcu_hmac_end(&hmac, out);
        out += QMCU_HMAC_SIZE;
    }
    qmcu_wipe(&prepared, sizeof prepared);
}
