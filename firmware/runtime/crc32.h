/* CRC-32 as zlib has it, of frames, of what is kept over resets and of a release's image. */
#ifndef QMCU_CRC32_H
#define QMCU_CRC32_H

#include <stdint.h>

/* `crc` of what came before, 0 at first; of all with the `size` bytes of `data` behind it. */
uint32_t qmcu_crc32(uint32_t crc, const uint8_t *data, uint32_t size);

#endif
