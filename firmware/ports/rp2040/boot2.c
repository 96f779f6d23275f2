/* The RP2040's second boot stage (datasheet 2.8.1.3): 252 bytes of code and a checksum. The boot ROM
 * copies it to the end of SRAM5, checks it and jumps to its start. It lets the flash be read as
 * memory, with the command that every serial flash knows (03h, one bit a clock), and starts what
 * follows it.
 *
 * SSI as in datasheet 4.10.13: CTRLR0 has 32-bit frames (DFS_32) and TMOD 3, send then receive;
 * SPI_CTRLR0 has the command, 8 bits of it (INST_L 2) and 24 of address (ADDR_L 6).
 *
 * Nothing in it leaves the assembler a choice, so the checksum can stand here, and the project
 * builds without a tool for it: CRC-32 of the 252 bytes, polynomial 0x04C11DB7, start 0xFFFFFFFF,
 * nothing reflected or inverted. `qmcu build` computes it from the image and refuses another one. */
#include "boot2.h"

__asm(".syntax unified\n"
      ".section .boot2, \"ax\"\n"
      ".thumb\n"
      "qmcu_boot2:\n"
      "    ldr r0, ssi\n"
      "    movs r1, #0\n"
      "    str r1, [r0, #0x08]\n" /* SSIENR: off */
      "    movs r2, #4\n"
      "    str r2, [r0, #0x14]\n" /* BAUDR: a quarter of the core's clock, 31.25 MHz at 125 */
      "    ldr r2, ctrlr0\n"
      "    str r2, [r0, #0x00]\n"
      "    str r1, [r0, #0x04]\n" /* CTRLR1: one frame at a time */
      "    ldr r2, spi_ctrlr0\n"
      "    movs r3, #0xF4\n"
      "    str r2, [r0, r3]\n"
      "    movs r1, #1\n"
      "    str r1, [r0, #0x08]\n" /* SSIENR: on */
      "    ldr r0, vectors\n"
      "    ldr r1, vtor\n"
      "    str r0, [r1]\n"
      "    ldm r0, {r0, r1}\n"
      "    msr msp, r0\n"
      "    bx r1\n"
      "    .balign 4\n"
      "ssi: .word 0x18000000\n"
      "ctrlr0: .word (31 << 16) | (3 << 8)\n"
      "spi_ctrlr0: .word (0x03 << 24) | (2 << 8) | (6 << 2)\n"
      "vectors: .word 0x10000100\n"
      "vtor: .word 0xE000ED08\n"
      "    .org qmcu_boot2 + 252\n"
      "    .word 0x67628435\n"
      ".previous\n");

_Static_assert(QMCU_BOOT2_SIZE == 256, "the boot ROM copies 256 bytes");
