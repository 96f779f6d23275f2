/* What the boot ROM of an i.MX RT1060 reads before the image runs (IMXRT1060RM, "Program image" and
 * "Serial NOR flash boot via FlexSPI"): how flash is connected, and where the image begins. */
#include "boot_tables.h"

#include "board.h"

#include <stdint.h>

void qmcu_boot(void);

#define FLASH 0x60000000u
/* An instruction of FlexSPI's look-up table: opcode, lines (0: 1, 2: 4), operand; two a word. */
#define STEP(opcode, lines, operand) (((opcode) << 10) | ((lines) << 8) | (operand))
#define STEPS(first, second) ((first) | ((uint32_t)(second) << 16))

enum { COMMAND = 0x01, ADDRESS = 0x02, MODE = 0x07, DUMMY = 0x0C, READ = 0x09 };

__attribute__((section(".flash_configuration"), used)) static const uint32_t configuration[128] = {
    [0x00 / 4] = 0x42464346u,                 /* FCFB */
    [0x04 / 4] = 0x56010000u,                 /* version 1.0.0 */
    [0x0C / 4] = (2u << 16) | (1u << 8) | 1u, /* CS set-up and hold; samples by looped DQS */
    [0x44 / 4] = (QMCU_FLASH_CLOCK << 16) | (4u << 8) | 1u, /* clock's code, 4 lines, serial NOR */
    [0x50 / 4] = QMCU_FLASH_BYTES,
    /* Fast read quad I/O (EBh): address and mode by four lines, 4 dummy cycles. */
    [0x80 / 4] = STEPS(STEP(COMMAND, 0u, 0xEBu), STEP(ADDRESS, 2u, 24u)),
    [0x84 / 4] = STEPS(STEP(MODE, 2u, 0xFFu), STEP(DUMMY, 2u, 4u)),
    [0x88 / 4] = STEP(READ, 2u, 4u),
    [0x1C0 / 4] = 256u,  /* page */
    [0x1C4 / 4] = 4096u, /* sector */
    [0x1C8 / 4] = 1u,    /* commands at 30 MHz */
};

/* The boot data come first, so that both have their place in one section. */
__attribute__((section(".boot_table"), used)) static const struct {
    uint32_t header;
    void (*entry)(void);
    uint32_t reserved;
    uint32_t device_configuration;
    uint32_t boot_data;
    uint32_t self;
    uint32_t signature;
    uint32_t reserved2;
    uint32_t start;
    uint32_t length;
    uint32_t plugin;
} table = {
    .header = 0x432000D1u, /* version, 32 bytes (high byte first), tag */
    .entry = qmcu_boot,
    .boot_data = FLASH + 0x1020u,
    .self = FLASH + 0x1000u,
    .start = FLASH,
    .length = QMCU_FLASH_BYTES,
};

/* The ROM calls it with a stack of its own. */
__attribute__((naked)) void qmcu_boot(void)
{
    __asm volatile("ldr r0, =qmcu_stack_top\n\t"
                   "mov sp, r0\n\t"
                   "ldr r0, =qmcu_reset\n\t"
                   "bx r0\n\t"
                   ".ltorg");
}
