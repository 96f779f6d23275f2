#include "frame.h"

#include "board.h"
#include "port.h"
#ifdef QMCU_ACCESS
#include "access.h"
#endif

uint32_t qmcu_crc32(uint32_t crc, const uint8_t *data, uint32_t size)
{
    /* Four bits at a time: 64 bytes of table. */
    static const uint32_t table[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
    };
    crc = ~crc;
    while (size-- > 0) {
        crc ^= *data++;
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}

static void flush(qmcu_frame_writer *writer)
{
    qmcu_port_write((uint8_t)(writer->used + 1));
    for (uint32_t i = 0; i < writer->used; ++i) {
        qmcu_port_write(writer->block[i]);
    }
    writer->used = 0;
}

static void put(qmcu_frame_writer *writer, uint8_t byte)
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

void qmcu_frame_put(qmcu_frame_writer *writer, const void *data, uint32_t size)
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

void qmcu_frame_put_u32(qmcu_frame_writer *writer, uint32_t value)
{
    qmcu_frame_put(writer, &value, sizeof value);
}

void qmcu_frame_put_u64(qmcu_frame_writer *writer, uint64_t value)
{
    qmcu_frame_put(writer, &value, sizeof value);
}

void qmcu_frame_begin(qmcu_frame_writer *writer, uint8_t type, uint16_t sequence, uint32_t length)
{
    const uint8_t header[8] = {
        type,
        0,
        (uint8_t)sequence,
        (uint8_t)(sequence >> 8),
        (uint8_t)length,
        (uint8_t)(length >> 8),
        (uint8_t)(length >> 16),
        (uint8_t)(length >> 24),
    };
    qmcu_port_write(0);
    writer->used = 0;
    writer->crc = 0;
    qmcu_frame_put(writer, header, sizeof header);
}

void qmcu_frame_end(qmcu_frame_writer *writer)
{
#ifdef QMCU_ACCESS
    uint8_t tag[QMCU_TAG_SIZE];
    if (qmcu_access_answer_end(tag)) {
        qmcu_frame_put(writer, tag, sizeof tag);
    }
#endif
    const uint32_t crc = writer->crc;
    qmcu_frame_put(writer, &crc, sizeof crc);
    flush(writer);
    qmcu_port_write(0);
}
