#include "access.h"

#include "access_key.h"
#include "crc32.h"
#include "hmac.h"
#include "port.h"

#include <stddef.h>
#include <string.h>

enum { KEY_SIZE = 32, POOL_SIZE = 32, KEPT = 0x61636373 };
/* So many failures in a row are free, each further one doubles the wait: 1 s to 2^10 s. */
enum { FREE_FAILURES = 4, MOST_DOUBLINGS = 10 };

static const uint8_t access_key[KEY_SIZE] = QMCU_ACCESS_KEY;

typedef struct {
    qmcu_hmac_key to_device;
    qmcu_hmac_key to_host;
    bool there;
} session;

/* Not cleared at boot, as in guard.c. */
typedef struct {
    uint32_t mark;
    uint32_t failures; /* in a row */
    uint8_t pool[POOL_SIZE];
    uint32_t crc;
} record;

__attribute__((section(".noinit"))) record qmcu_access_kept;

extern uint32_t qmcu_stack_bottom[];

static session challenged;
static session live;
static uint32_t last_number; /* of the requests that the live session has had */
static uint64_t locked_at;
static uint64_t locked_cycles;
static qmcu_hmac checked;
static const session *checking; /* whose request is being checked, 0: nobody's */
static qmcu_hmac answer;
static enum { OPEN_ANSWER, TO_SEAL, SEALING } sealing;

/* Chips without a generator, or whose port does not ask it. */
__attribute__((weak)) bool qmcu_port_random(uint8_t *data, uint32_t size)
{
    (void)data;
    (void)size;
    return false;
}

static uint32_t record_crc(void)
{
    return qmcu_crc32(0, (const uint8_t *)&qmcu_access_kept, offsetof(record, crc));
}

static void lock(void)
{
    const uint32_t failures = qmcu_access_kept.failures;
    if (failures > FREE_FAILURES) {
        const uint32_t more = failures - FREE_FAILURES - 1;
        const uint32_t seconds = 1u << (more < MOST_DOUBLINGS ? more : MOST_DOUBLINGS);
        locked_at = qmcu_port_cycles();
        locked_cycles = (uint64_t)seconds * qmcu_port_clock_hz();
    }
}

static bool is_locked(void)
{
    if (locked_cycles != 0 && qmcu_port_cycles() - locked_at >= locked_cycles) {
        locked_cycles = 0;
    }
    return locked_cycles != 0;
}

static void count_failure(void)
{
    ++qmcu_access_kept.failures;
    qmcu_access_kept.crc = record_crc();
    lock();
    if (locked_cycles != 0) {
        qmcu_wipe(&live, sizeof live);
    }
}

/* The pool is not random by itself: what power left in RAM, and moments at which requests came. */
static void stir(const void *data, uint32_t size)
{
    const uint64_t now = qmcu_port_cycles();
    uint8_t random[POOL_SIZE];
    qmcu_sha256 hash;
    qmcu_sha256_begin(&hash);
    qmcu_sha256_put(&hash, qmcu_access_kept.pool, POOL_SIZE);
    qmcu_sha256_put(&hash, (const uint8_t *)&now, sizeof now);
    if (qmcu_port_random(random, sizeof random)) {
        qmcu_sha256_put(&hash, random, sizeof random);
    }
    qmcu_sha256_put(&hash, data, size);
    qmcu_sha256_end(&hash, qmcu_access_kept.pool);
    qmcu_access_kept.crc = record_crc();
}

void qmcu_access_start(void)
{
    const uint32_t here = 0;
    if (qmcu_access_kept.mark != KEPT || qmcu_access_kept.crc != record_crc()) {
        qmcu_access_kept.failures = 0;
    }
    qmcu_access_kept.mark = KEPT;
    /* The stack below us was not written since power came, or holds what ran before a reset. */
    stir(qmcu_stack_bottom, (uint32_t)((uintptr_t)&here - (uintptr_t)qmcu_stack_bottom));
    lock();
}

/* KDF(key, label || 0 || context || bits): the label with its zero, the bits highest byte first. */
static void derive(const char *label, const uint8_t *context, uint32_t size, uint8_t *out,
                   uint32_t blocks)
{
    uint8_t fixed[16 + 2 * QMCU_NONCE_SIZE + QMCU_IDENTITY_SIZE + 4];
    const uint32_t bits = 8 * QMCU_HMAC_SIZE * blocks;
    const uint32_t start = (uint32_t)strlen(label) + 1;
    memcpy(fixed, label, start);
    memcpy(fixed + start, context, size);
    const uint8_t length[4] = {0, 0, (uint8_t)(bits >> 8), (uint8_t)bits};
    memcpy(fixed + start + size, length, sizeof length);
    qmcu_kdf(access_key, KEY_SIZE, fixed, start + size + sizeof length, out, blocks);
}

bool qmcu_access_challenge(const uint8_t *theirs, const uint8_t *identity, uint8_t *ours)
{
    uint8_t context[2 * QMCU_NONCE_SIZE + QMCU_IDENTITY_SIZE];
    uint8_t derived[2 * KEY_SIZE];
    if (is_locked()) {
        return false;
    }
    stir(theirs, QMCU_NONCE_SIZE);
    derive("qmcu nonce", qmcu_access_kept.pool, POOL_SIZE, derived, 1);
    memcpy(ours, derived, QMCU_NONCE_SIZE);
    memcpy(context, theirs, QMCU_NONCE_SIZE);
    memcpy(context + QMCU_NONCE_SIZE, ours, QMCU_NONCE_SIZE);
    memcpy(context + 2 * QMCU_NONCE_SIZE, identity, QMCU_IDENTITY_SIZE);
    derive("qmcu session", context, sizeof context, derived, 2);
    qmcu_hmac_prepare(&challenged.to_device, derived, KEY_SIZE);
    qmcu_hmac_prepare(&challenged.to_host, derived + KEY_SIZE, KEY_SIZE);
    challenged.there = true;
    qmcu_wipe(derived, sizeof derived);
    return true;
}

void qmcu_access_check_begin(bool opening)
{
    checking = opening ? &challenged : &live;
    if (is_locked() || !checking->there) {
        checking = 0;
        return;
    }
    qmcu_hmac_begin(&checked, &checking->to_device);
}

void qmcu_access_check_put(const void *data, uint32_t size)
{
    if (checking != 0) {
        qmcu_hmac_put(&checked, data, size);
    }
}

qmcu_admission qmcu_access_check_end(const uint8_t *trailer)
{
    uint8_t code[QMCU_HMAC_SIZE];
    uint8_t different = 0;
    uint32_t number;
    if (checking == 0) {
        return is_locked() ? QMCU_LOCKED : QMCU_NO_SESSION;
    }
    const bool opening = checking == &challenged;
    qmcu_hmac_put(&checked, trailer, QMCU_NUMBER_SIZE);
    qmcu_hmac_end(&checked, code);
    /* All bytes are looked at, whatever they are: time tells nothing of them. */
    for (uint32_t i = 0; i < QMCU_TAG_SIZE; ++i) {
        different |= (uint8_t)(code[i] ^ trailer[QMCU_NUMBER_SIZE + i]);
    }
    qmcu_wipe(code, sizeof code);
    memcpy(&number, trailer, sizeof number);
    if (different == 0 && opening) {
        live = challenged;
        last_number = 0;
    }
    if (opening) {
        qmcu_wipe(&challenged, sizeof challenged);
    }
    if (different != 0) {
        count_failure();
        return QMCU_NO_SESSION;
    }
    if (number <= last_number) {
        return QMCU_NO_SESSION;
    }
    last_number = number;
    if (qmcu_access_kept.failures != 0) {
        qmcu_access_kept.failures = 0;
        qmcu_access_kept.crc = record_crc();
    }
    sealing = TO_SEAL;
    return QMCU_ADMITTED;
}

uint32_t qmcu_access_answer_begin(void)
{
    if (sealing != TO_SEAL) {
        return 0;
    }
    sealing = SEALING;
    qmcu_hmac_begin(&answer, &live.to_host);
    return QMCU_TAG_SIZE;
}

void qmcu_access_answer_put(const void *data, uint32_t size)
{
    if (sealing == SEALING) {
        qmcu_hmac_put(&answer, data, size);
    }
}

bool qmcu_access_answer_end(uint8_t *tag)
{
    uint8_t code[QMCU_HMAC_SIZE];
    if (sealing != SEALING) {
        return false;
    }
    sealing = OPEN_ANSWER;
    qmcu_hmac_put(&answer, &last_number, sizeof last_number);
    qmcu_hmac_end(&answer, code);
    memcpy(tag, code, QMCU_TAG_SIZE);
    return true;
}

void qmcu_access_done(void)
{
    sealing = OPEN_ANSWER;
}
