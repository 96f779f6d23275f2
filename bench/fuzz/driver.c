/* The firmware's frame decoder, protocol, sessions and MLPerf Tiny commands on this machine, fed
   with frames and commands that were mutated before or after their CRC was made. With -DLIBFUZZER it
   has no main of its own. */
#include "crc32.h"
#include "protocol.h"
#include "surroundings.h"
#if MLPERF
#include "mlperf_tiny.h"
#endif

#if SESSIONS
/* Whole, for its keys: some frames are to have a right tag. */
#include "access.c"
#endif

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LARGEST 2048

#if SESSIONS
static uint32_t numbered;
#endif

static void check_admitted(void)
{
#if SESSIONS
    if (sealing != TO_SEAL) {
        abort(); /* a layer runs for a request that was not admitted */
    }
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
#if MLPERF
    surroundings_run(qmcu_mlperf_tiny_run, check_admitted, data, size);
#else
    surroundings_run(qmcu_protocol_run, check_admitted, data, size);
#endif
    qmcu_protocol_reset();
    return 0;
}

#ifndef LIBFUZZER
static uint64_t state;
static uint64_t frames;

static uint32_t drawn(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % below);
}

static size_t mutated(uint8_t *data, size_t size)
{
    for (uint32_t times = drawn(4); times > 0 && size > 0; --times) {
        const size_t at = drawn((uint32_t)size);
        switch (drawn(4)) {
        case 0:
            data[at] ^= (uint8_t)(1u << drawn(8));
            break;
        case 1:
            data[at] = (uint8_t)drawn(256);
            break;
        case 2:
            memmove(data + at, data + at + 1, --size - at);
            break;
        default:
            if (size < LARGEST - 1) {
                memmove(data + at + 1, data + at, size - at);
                data[at] = (uint8_t)drawn(256);
                ++size;
            }
        }
    }
    return size;
}

/* COBS between zeros. */
static size_t stuffed(const uint8_t *raw, size_t size, uint8_t *out)
{
    size_t used = 0;
    out[used++] = 0;
    size_t code = used++;
    for (size_t i = 0; i < size; ++i) {
        if (raw[i] != 0) {
            out[used++] = raw[i];
        }
        if (raw[i] == 0 || used - code == 255) {
            out[code] = (uint8_t)(used - code);
            code = used++;
        }
    }
    out[code] = (uint8_t)(used - code);
    out[used++] = 0;
    return used;
}

#if SESSIONS
/* Mostly of the right length, with the number that comes next and the right tag: the new length. */
static uint32_t seal(uint8_t *raw, uint32_t length)
{
    static const uint32_t sizes[] = {0, 0, 17, 17, 29, 4, 0, 4, 16, 0};
    if (drawn(4) == 0 || raw[0] >= sizeof sizes / sizeof *sizes) {
        return length;
    }
    length = sizes[raw[0]];
    const bool plain = raw[0] <= 1 || raw[0] == 8;
    const uint32_t told = length + (plain ? 0 : QMCU_TRAILER_SIZE);
    memcpy(raw + 4, &told, sizeof told);
    if (plain) {
        return told;
    }
    uint8_t code[QMCU_HMAC_SIZE];
    qmcu_hmac hmac;
    ++numbered;
    const uint32_t number = drawn(8) == 0 ? drawn(20) : last_number + numbered;
    memcpy(raw + 8 + length, &number, sizeof number);
    qmcu_hmac_begin(&hmac, raw[0] == 9 ? &challenged.to_device : &live.to_device);
    qmcu_hmac_put(&hmac, raw, 8 + length + QMCU_NUMBER_SIZE);
    qmcu_hmac_end(&hmac, code);
    memcpy(raw + 8 + length + QMCU_NUMBER_SIZE, code, QMCU_TAG_SIZE);
    return told;
}
#endif

/* A request of any type and length, with a right CRC most of the time. */
static size_t frame(uint8_t *out)
{
    uint8_t raw[600];
    static const uint32_t lengths[] = {0, 4, 12, 17, 24, 29, 1, 60, 255, 500};
    uint32_t length = lengths[drawn(sizeof lengths / sizeof *lengths)];
    raw[0] = (uint8_t)(drawn(8) == 0 ? drawn(256) : drawn(SESSIONS ? 10 : 7));
    raw[1] = 0;
    raw[2] = (uint8_t)drawn(256);
    raw[3] = (uint8_t)drawn(256);
    const uint32_t told = drawn(16) == 0 ? drawn(1000) : length;
    memcpy(raw + 4, &told, sizeof told);
    for (uint32_t i = 0; i < length; ++i) {
        raw[8 + i] = (uint8_t)(drawn(3) == 0 ? 0 : drawn(256));
    }
    if (length >= 12 && drawn(2) == 0) {
        const uint32_t trace[3] = {drawn(4), drawn(80), drawn(80)};
        memcpy(raw + 8, trace, sizeof trace);
    }
#if SESSIONS
    length = seal(raw, length);
#endif
    const uint32_t crc = qmcu_crc32(0, raw, 8 + length);
    memcpy(raw + 8 + length, &crc, sizeof crc);
    return stuffed(raw, 12 + length, out);
}

static size_t text(uint8_t *out)
{
    static const char *const words[] = {
        "name%",
        "timestamp%",
        "db load 48%",
        "db 00112233445566778899aabbccddeeff%",
        "db print%",
        "infer 1 0%",
        "infer 2%",
        "results%",
        "db load 4294967295%",
        "infer 0%",
        "profile%",
        "help%",
        "db 0g%",
        "db 7fc00000%",
        "%%%%",
        "db load%",
    };
    const char *word = words[drawn(sizeof words / sizeof *words)];
    memcpy(out, word, strlen(word));
    return strlen(word);
}

static size_t input(uint8_t *data)
{
    size_t size = 0;
#if SESSIONS
    numbered = 0;
    surroundings_wait(drawn(8) == 0 ? 2000000000 : 0); /* what is locked opens again */
#endif
    for (uint32_t parts = 1 + drawn(3); parts > 0; --parts) {
        size_t part = MLPERF && drawn(2) ? text(data + size) : frame(data + size);
        if (drawn(2)) {
            part = mutated(data + size, part);
        }
        size += part;
        ++frames;
    }
    return size;
}

/* A few hundred inputs as files, for libFuzzer to begin with: 0 if all are written. */
static int write_corpus(const char *folder)
{
    for (uint32_t number = 0; number < 300; ++number) {
        uint8_t data[2 * LARGEST];
        char name[4096];
        const size_t size = input(data);
        snprintf(name, sizeof name, "%s/%u", folder, number);
        FILE *file = fopen(name, "wb");
        if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
            return 1;
        }
        LLVMFuzzerTestOneInput(data, size); /* sessions go on from here */
    }
    return 0;
}

int main(int count, char **arguments)
{
    state = 0x9E3779B97F4A7C15u ^ (count > 1 ? strtoull(arguments[1], NULL, 10) : 1);
    const double seconds = count > 2 ? atof(arguments[2]) : 1;
    const clock_t started = clock();
    if (count > 3) {
        return write_corpus(arguments[3]);
    }
    while ((double)(clock() - started) < seconds * CLOCKS_PER_SEC) {
        uint8_t data[2 * LARGEST];
        const size_t size = input(data);
        /* Its own block, so that a byte behind the input is told. */
        uint8_t *own = malloc(size ? size : 1);
        memcpy(own, data, size);
        LLVMFuzzerTestOneInput(own, size);
        free(own);
    }
    printf("%llu inputs, %llu answered\n", (unsigned long long)frames,
           (unsigned long long)surroundings_answered());
    return 0;
}
#endif
