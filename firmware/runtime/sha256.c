#include "sha256.h"

#include <string.h>

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t constants[64] = {
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
};

static uint32_t rotated(uint32_t value, uint32_t right)
{
    return value >> right | value << (32 - right);
}

/* One block, which becomes the schedule, of which the last sixteen words are kept:
   w[i] = s1(w[i - 2]) + w[i - 7] + s0(w[i - 15]) + w[i - 16]. */
static void compress(qmcu_sha256 *hash)
{
    /* a to h are v[0] to v[7]; v moves down a word a round, so that each becomes the next. */
    uint32_t room[64 + 8];
    uint32_t *v = room + 64;
    uint32_t *w = hash->words;
    for (uint32_t i = 0; i < 8; ++i) {
        v[i] = hash->state[i];
    }
    for (uint32_t i = 0; i < 64; ++i) {
        uint32_t word = w[i & 15];
        if (i < 16) {
            word = __builtin_bswap32(word);
        } else {
            const uint32_t early = w[(i + 1) & 15];
            const uint32_t late = w[(i + 14) & 15];
            word += w[(i + 9) & 15] + (rotated(early, 7) ^ rotated(early, 18) ^ early >> 3) +
                    (rotated(late, 17) ^ rotated(late, 19) ^ late >> 10);
        }
        w[i & 15] = word;
        /* Rotated by 6, 11 and 25, and by 2, 13 and 22, each within the next. */
        const uint32_t e = v[4];
        const uint32_t a = v[0];
        const uint32_t first = v[7] + rotated(e ^ rotated(e ^ rotated(e, 14), 5), 6) +
                               (v[6] ^ (e & (v[5] ^ v[6]))) + constants[i] + word;
        const uint32_t next = first + rotated(a ^ rotated(a ^ rotated(a, 9), 11), 2) +
                              ((a & v[1]) | (v[2] & (a | v[1])));
        v[3] += first;
        *--v = next;
    }
    for (uint32_t i = 0; i < 8; ++i) {
        hash->state[i] += v[i];
    }
}

void qmcu_sha256_begin(qmcu_sha256 *hash)
{
    /* The same of the square roots of the first eight. */
    static const uint32_t first[8] = {
        0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
        0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
    };
    memcpy(hash->state, first, sizeof first);
    hash->length = 0;
}

void qmcu_sha256_put(qmcu_sha256 *hash, const uint8_t *data, uint32_t size)
{
    while (size-- > 0) {
        hash->block[hash->length++ & 63] = *data++;
        if ((hash->length & 63) == 0) {
            compress(hash);
        }
    }
}

void qmcu_sha256_end(qmcu_sha256 *hash, uint8_t *digest)
{
    const uint32_t bits = hash->length << 3;
    uint8_t byte = 0x80;
    do {
        qmcu_sha256_put(hash, &byte, 1);
        byte = 0;
    } while ((hash->length & 63) != 56);
    hash->words[14] = 0;
    hash->words[15] = __builtin_bswap32(bits);
    compress(hash);
    for (uint32_t i = 0; i < 8; ++i) {
        const uint32_t word = __builtin_bswap32(hash->state[i]);
        memcpy(digest + 4 * i, &word, sizeof word);
    }
}
