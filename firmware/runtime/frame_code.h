/* Frames of docs/PROTOCOL.md: COBS and CRC-32, encoded as the bytes pass. A part of protocol.c. */
#ifndef QMCU_FRAME_CODE_H
#define QMCU_FRAME_CODE_H

#include "board.h"
#include "crc32.h"
#include "port.h"
#ifdef QMCU_ACCESS
#include "access.h"
#endif

#include <stdint.h>

typedef struct {
    uint8_t block[254];
    uint8_t used;
    uint32_t crc;
} frame_writer;

static void flush(frame_writer *writer)
{
    qmcu_port_write((uint8_t)(writer->used + 1));
    for (uint32_t i = 0; i < writer->used; ++i) {
        qmcu_port_write(writer->block[i]);
    }
    writer->used = 0;
}

static void put(frame_writer *writer, uint8_t byte)
{
    if (byte == 0) {
        flush(writer);
        return;
    }
    writer->block[writer->used++] = byte;
    if (writer->used == sizeof writer->block) {
        flush(writer);
    }
}

static void frame_put(frame_writer *writer, const void *data, uint32_t size)
{
    const uint8_t *bytes = data;
#ifdef QMCU_ACCESS
    qmcu_access_answer_put(data, size);
#endif
    writer->crc = qmcu_crc32(writer->crc, bytes, size);
    while (size-- > 0) {
        put(writer, *bytes++);
    }
}

static void frame_begin(frame_writer *writer)
{
    qmcu_port_write(0);
    writer->used = 0;
    writer->crc = 0;
}

static void frame_end(frame_writer *writer)
{
#ifdef QMCU_ACCESS
    uint8_t tag[QMCU_TAG_SIZE];
    if (qmcu_access_answer_end(tag)) {
        frame_put(writer, tag, sizeof tag);
    }
#endif
    const uint32_t crc = writer->crc;
    frame_put(writer, &crc, sizeof crc);
    flush(writer);
    qmcu_port_write(0);
}

#endif
