#include "crc32.h"

#include "board.h"

uint32_t qmcu_crc32(uint32_t crc, const uint8_t *data, uint32_t size)
{
#if QMCU_RELEASE
    /* A release checks its flash by it at every inference: four bits at a time. */
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
#endif
    crc = ~crc;
    while (size-- > 0) {
        crc ^= *data++;
#if QMCU_RELEASE
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
#else
        /* Frames alone, whose bytes take far longer on their way. */
        for (uint32_t bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
        }
#endif
    }
    return ~crc;
}
