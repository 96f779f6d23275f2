#include "frame.h"

#include "board.h"
#include "crc32.h"
#include "port.h"
#ifdef QMCU_ACCESS
#include "access.h"
#endif

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

void qmcu_frame_begin(qmcu_frame_writer *writer)
{
    qmcu_port_write(0);
    writer->used = 0;
    writer->crc = 0;
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
