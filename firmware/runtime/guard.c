#include "guard.h"

#include "board.h"
#include "crc32.h"
#include "image.h"
#include "port.h"

#include <string.h>

#if QMCU_RELEASE

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

enum { WORD_OF_RESET = 0x05FA0004, WORKING = 0x51000000, KEPT = 0x6B657074 };
enum { DIGEST_SIZE = 32 };

/* Written by qmcu behind everything else in flash, after linking; all ones in an image that was
   linked by hand. */
typedef struct {
    uint8_t sha256[DIGEST_SIZE]; /* of the parts of the image */
    uint32_t crc;                /* of the same bytes */
} seal;

__attribute__((section(".seal"), used))
const volatile seal qmcu_seal = {{[0 ... DIGEST_SIZE - 1] = 0xFF}, 0xFFFFFFFFu};

/* Not cleared at boot: what survives a reset, with a CRC since power may leave anything there. */
typedef struct {
    uint32_t mark;
    qmcu_guard_report report;
    uint32_t crc;
    uint32_t working; /* WORKING and the number of the layer that runs; outside the CRC */
} record;

__attribute__((section(".noinit"))) record qmcu_kept;

static const qmcu_image_part *part = qmcu_image_parts;
static const uint8_t *next;
static uint32_t crc;
static uint32_t slice;
static uint8_t flags;
static bool started;

/* The canary of -fstack-protector: with a zero byte, which text cannot write. */
const uintptr_t __stack_chk_guard = 0x00C5A35Cu;
void __stack_chk_fail(void) __attribute__((noreturn));

void __stack_chk_fail(void)
{
    const qmcu_fault fault = {
        .cause = QMCU_STACK_SMASHED,
        .pc = (uint32_t)(uintptr_t)__builtin_return_address(0),
    };
    qmcu_protocol_fault(&fault);
}

/* Chips without one, or whose port does not start it. */
__attribute__((weak)) uint32_t qmcu_port_watchdog_start(void)
{
    return 0;
}

__attribute__((weak)) void qmcu_port_watchdog_feed(void)
{
}

static uint32_t record_crc(void)
{
    return qmcu_crc32(0, (const uint8_t *)&qmcu_kept, offsetof(record, crc));
}

/* After power came the record is empty; after a reset in the middle of an inference of which no
   fault told, a watchdog or somebody's button was it. */
static void recall(void)
{
    if (qmcu_kept.mark != KEPT || qmcu_kept.crc != record_crc()) {
        memset(&qmcu_kept, 0, sizeof qmcu_kept);
        qmcu_kept.mark = KEPT;
    } else if ((qmcu_kept.working & 0xFF000000u) == WORKING) {
        memset(&qmcu_kept.report.fault, 0, sizeof qmcu_kept.report.fault);
        qmcu_kept.report.fault.cause = QMCU_STOPPED;
        qmcu_kept.report.fault.lr = qmcu_kept.working & 0xFFFFFFu;
        ++qmcu_kept.report.resets;
    }
    qmcu_kept.working = 0;
}

#ifdef QMCU_MPU_REGIONS
/* MPU: the code region is read-only and not executed from but for the image, RAM never executed
   from, and nothing may touch what lies below the stack. */
static uint32_t protect(void)
{
    static const uint32_t regions[][2] = QMCU_MPU_REGIONS;
    enum { COUNT = sizeof regions / sizeof regions[0] };
    if (((REGISTER(0xE000ED90u) >> 8) & 0xFFu) < QMCU_MPU_FIRST + COUNT) { /* MPU_TYPE.DREGION */
        return 0;
    }
    __asm volatile("dmb" ::: "memory");
    for (uint32_t i = 0; i < COUNT; ++i) {
        REGISTER(0xE000ED98u) = QMCU_MPU_FIRST + i; /* MPU_RNR */
        REGISTER(0xE000ED9Cu) = regions[i][0];      /* MPU_RBAR */
        REGISTER(0xE000EDA0u) = regions[i][1];      /* MPU_RASR, or MPU_RLAR */
    }
#ifdef QMCU_MPU_ATTRIBUTES
    REGISTER(0xE000EDC0u) = QMCU_MPU_ATTRIBUTES; /* MPU_MAIR0 */
#endif
    REGISTER(0xE000ED94u) = (1u << 2) | 1u; /* MPU_CTRL: PRIVDEFENA, ENABLE */
    __asm volatile("dsb\n\tisb" ::: "memory");
    return COUNT;
}
#else
static uint32_t protect(void)
{
    return 0;
}
#endif

static bool is_sealed(void)
{
    uint8_t all = 0xFF;
    for (uint32_t i = 0; i < DIGEST_SIZE; ++i) {
        all &= qmcu_seal.sha256[i];
    }
    return all != 0xFF || qmcu_seal.crc != 0xFFFFFFFFu;
}

static bool is_as_sealed(void)
{
    const uint8_t *digest = qmcu_image_digest();
    uint8_t different = 0;
    for (uint32_t i = 0; i < DIGEST_SIZE; ++i) {
        different |= (uint8_t)(digest[i] ^ qmcu_seal.sha256[i]);
    }
    return different == 0;
}

/* CRC-32 of at most `limit` further bytes of the image; true when that was the last part. */
static bool advance(uint32_t limit)
{
    while (part->end != 0) {
        if (next == 0) {
            next = part->start;
        }
        const uint32_t left = (uint32_t)(part->end - next);
        const uint32_t size = left < limit ? left : limit;
        crc = qmcu_crc32(crc, next, size);
        next += size;
        limit -= size;
        if (next != part->end) {
            return false;
        }
        next = 0;
        ++part;
    }
    return true;
}

void qmcu_guard_start(void)
{
    started = true;
    recall();
    qmcu_kept.report.regions = protect();
    qmcu_kept.report.watchdog_ms = qmcu_port_watchdog_start();
    uint32_t size = 0;
    for (const qmcu_image_part *each = qmcu_image_parts; each->end != 0; ++each) {
        size += (uint32_t)(each->end - each->start);
    }
    slice = size / QMCU_CHECK_EVERY + 1;
    flags = is_sealed() ? QMCU_SEALED : 0;
    if (flags != 0 && !is_as_sealed()) {
        flags |= QMCU_DAMAGED;
    }
    qmcu_kept.crc = record_crc();
    qmcu_port_watchdog_feed();
    if (flags & QMCU_DAMAGED) {
        qmcu_protocol_run();
    }
}

void qmcu_guard_step(uint32_t number)
{
    qmcu_kept.working = number != 0 ? WORKING | number : 0;
    qmcu_port_watchdog_feed();
}

void qmcu_guard_check(void)
{
    /* A flag in RAM would do, but a layer that runs wild might clear it. */
    if (!is_sealed()) {
        return;
    }
    if (slice != 0 && !advance(slice)) {
        return;
    }
    if (slice == 0 || crc != qmcu_seal.crc) {
        const qmcu_fault fault = {.cause = QMCU_FLASH_CHANGED};
        qmcu_protocol_fault(&fault);
    }
    part = qmcu_image_parts;
    crc = 0;
}

void qmcu_guard_feed(void)
{
    qmcu_port_watchdog_feed();
}

bool qmcu_guard_keep(const qmcu_fault *fault)
{
    if (qmcu_kept.mark != KEPT) {
        recall();
    }
    qmcu_kept.report.fault = *fault;
    ++qmcu_kept.report.resets;
    qmcu_kept.crc = record_crc();
    qmcu_kept.working = 0;
    return started;
}

void qmcu_guard_reset(void)
{
    __asm volatile("dsb" ::: "memory");
    REGISTER(0xE000ED0Cu) = WORD_OF_RESET; /* AIRCR: VECTKEY, SYSRESETREQ */
    __asm volatile("dsb" ::: "memory");
    for (;;) {
    }
}

uint8_t qmcu_guard_flags(void)
{
    return flags;
}

const qmcu_guard_report *qmcu_guard_told(void)
{
    return &qmcu_kept.report;
}

#endif
