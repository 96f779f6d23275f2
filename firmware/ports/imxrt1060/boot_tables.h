#ifndef QMCU_BOOT_TABLES_H
#define QMCU_BOOT_TABLES_H

/* boot_tables.c holds the i.MX RT's flash configuration and image vector table; this header has it
 * linked. */

#endif
