/* Frames of docs/PROTOCOL.md: COBS and CRC-32, encoded and decoded as the bytes pass. */
#ifndef QMCU_FRAME_H
#define QMCU_FRAME_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t block[254];
    uint8_t used;
    uint32_t crc;
} qmcu_frame_writer;

void qmcu_frame_begin(qmcu_frame_writer *writer);
void qmcu_frame_put(qmcu_frame_writer *writer, const void *data, uint32_t size);
void qmcu_frame_put_u32(qmcu_frame_writer *writer, uint32_t value);
void qmcu_frame_end(qmcu_frame_writer *writer);

#endif
