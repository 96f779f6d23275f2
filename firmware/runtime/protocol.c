/* The device's side of docs/PROTOCOL.md: requests are decoded while they arrive, input bytes going
   straight into the input tensors, and are acted on only after their CRC was found right. */
#include "protocol.h"

#include "baud_code.h"
#include "board.h"
#include "crc32.h"
#include "frame_code.h"
#include "guard.h"
#include "image.h"
#include "model.h"
#include "monitor.h"
#include "port.h"
#include "stack.h"
#ifdef QMCU_ACCESS
#include "access.h"
#endif

#include <stdbool.h>
#include <string.h>

enum { HELLO = 0x01, INFER = 0x02, PROFILE = 0x03, TRACE = 0x04, BAUD = 0x05, RESET = 0x06 };
enum { MONITOR = 0x07, CHALLENGE = 0x08, OPEN = 0x09 };
enum { READY = 0x80, RESPONSE = 0x80, FAULT = 0xFE, ERROR = 0xFF };
enum {
    DAMAGED_FRAME = 1,
    UNKNOWN_REQUEST = 2,
    WRONG_LENGTH = 3,
    BAD_ARGUMENT = 4,
    DAMAGED_IMAGE = 5,
    NO_SESSION = 6,
    LOCKED = 7
};
enum { PROTOCOL_VERSION = 2, HEADER_SIZE = 8, CRC_SIZE = 4, TRACE_ARGUMENTS = 12 };
enum { BAUD_ARGUMENTS = 4, MONITOR_ARGUMENTS = 4 };
/* Whether a type is MONITOR, in firmware that has it. */
#ifdef QMCU_MONITOR
#define HAS_MONITOR(type) ((type) == MONITOR)
#else
#define HAS_MONITOR(type) false
#endif
/* Whether a type is one of those that open a session, in firmware that has sessions; then every
   request but HELLO and CHALLENGE ends with a trailer. */
#ifdef QMCU_ACCESS
#define HAS_ACCESS(type) ((type) == CHALLENGE || (type) == OPEN)
#define ARGUMENTS_OF(type) \
    ((type) == CHALLENGE ? (uint32_t)QMCU_NONCE_SIZE : (uint32_t)TRACE_ARGUMENTS)
#define TRAILER_OF(type) ((type) == HELLO || (type) == CHALLENGE ? 0u : (uint32_t)QMCU_TRAILER_SIZE)
enum { ACCESS = 1, ARGUMENTS = QMCU_NONCE_SIZE };
#else
#define HAS_ACCESS(type) false
#define ARGUMENTS_OF(type) TRACE_ARGUMENTS
#define TRAILER_OF(type) 0
enum { ACCESS = 0, ARGUMENTS = TRACE_ARGUMENTS };
#endif
#ifdef QMCU_NO_INFER
enum { NO_INFER = 1 };
#else
enum { NO_INFER = 0 };
#endif
/* What HELLO says of the build. */
enum {
    FLAGS =
        QMCU_DEBUG_PROTOCOL | QMCU_RELEASE << 1 | QMCU_RELEASE << 2 | ACCESS << 5 | NO_INFER << 6
};
#if QMCU_RELEASE
enum { REPORT_SIZE = sizeof(qmcu_guard_report) };
#else
enum { REPORT_SIZE = 0 };
#endif

/* An image of several models: a request's second byte is the number of the one that it is for. */
#ifdef QMCU_MODELS
enum { MODELS = QMCU_MODELS, MOST_LAYERS = QMCU_MODELS_MOST_LAYERS };
#elif QMCU_DEBUG_PROTOCOL
enum { MOST_LAYERS = QMCU_MODEL_LAYERS };
#endif

/* A request as it arrives. */
typedef struct {
    uint8_t left;      /* bytes left in the COBS block */
    bool zero_follows; /* a zero stands between this block and the next */
    bool damaged;
    uint32_t held;  /* the last four bytes: the CRC if the frame ends now */
    uint32_t count; /* decoded bytes, the held ones included */
    uint32_t crc;   /* of the bytes that are no longer held */
    uint8_t header[HEADER_SIZE];
    uint8_t arguments[ARGUMENTS];
#ifdef QMCU_ACCESS
    uint8_t trailer[QMCU_TRAILER_SIZE];
#endif
    uint32_t tensor; /* where the next input byte goes */
    uint32_t position;
} request;

/* What every answer begins with: the header, then the CRC of the request that it answers. */
typedef struct {
    uint8_t type;
    uint8_t zero;
    uint16_t sequence;
    uint32_t length; /* of the payload, in which the CRC counts */
    uint32_t request_crc;
} answer_head;

static request current;
static answer_head working;

static uint32_t u32_at(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint32_t input_bytes(void)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < QMCU_MODEL_INPUTS; ++i) {
        size += qmcu_model_inputs[i].size;
    }
    return size;
}

#ifndef QMCU_NO_INFER
static uint32_t output_bytes(void)
{
    uint32_t size = 0;
    for (uint32_t i = 0; i < QMCU_MODEL_OUTPUTS; ++i) {
        size += qmcu_model_outputs[i].size;
    }
    return size;
}
#endif

#ifdef QMCU_ACCESS
/* Takes byte `index` of the payload if it belongs to the trailer, by the length that the header
   tells; a payload of another length is refused before anything is made of it. */
static bool is_of_trailer(uint32_t index, uint8_t byte)
{
    const uint32_t size = TRAILER_OF(current.header[0]);
    const uint32_t length = u32_at(current.header + 4);
    if (length < size || index < length - size || index >= length) {
        return false;
    }
    current.trailer[index - (length - size)] = byte;
    return true;
}
#endif

/* Where byte `index` of the frame goes; what is too long is dropped here and refused at the end. */
static void store(uint32_t index, uint8_t byte)
{
    if (index < HEADER_SIZE) {
        current.header[index] = byte;
#ifdef QMCU_MODELS
        if (index == 1) {
            qmcu_models_choose(byte);
        }
#endif
        return;
    }
    index -= HEADER_SIZE;
#ifdef QMCU_ACCESS
    if (is_of_trailer(index, byte)) {
        return;
    }
#endif
    if (current.header[0] == TRACE || current.header[0] == BAUD || HAS_MONITOR(current.header[0]) ||
        HAS_ACCESS(current.header[0])) {
        if (index < ARGUMENTS_OF(current.header[0])) {
            current.arguments[index] = byte;
            return;
        }
    }
    const bool has_inputs = current.header[0] >= INFER && current.header[0] <= TRACE;
    if (has_inputs && current.tensor < QMCU_MODEL_INPUTS) {
        const qmcu_tensor *tensor = &qmcu_model_inputs[current.tensor];
        tensor->data[current.position] = (int8_t)byte;
        if (++current.position == tensor->size) {
            current.position = 0;
            ++current.tensor;
        }
    }
}

static void decoded(uint8_t byte)
{
    if (current.count >= CRC_SIZE) {
        const uint8_t settled = (uint8_t)current.held;
        current.crc = qmcu_crc32(current.crc, &settled, 1);
        store(current.count - CRC_SIZE, settled);
    }
    current.held = (current.held >> 8) | ((uint32_t)byte << 24);
    ++current.count;
}

/* Takes one byte from the wire; true at the end of a frame. */
static bool receive(uint8_t byte)
{
    if (byte == 0) {
        current.damaged |= current.left != 0;
        return true;
    }
    if (current.left == 0) {
        if (current.zero_follows) {
            decoded(0);
        }
        current.left = (uint8_t)(byte - 1);
        current.zero_follows = byte != 0xFF;
    } else {
        --current.left;
        decoded(byte);
    }
    return false;
}

static void begin(frame_writer *writer, uint8_t type, uint32_t length)
{
#ifdef QMCU_ACCESS
    if (type == FAULT) {
        qmcu_access_done();
    }
    length += qmcu_access_answer_begin();
#endif
    working.type = type;
    working.length = length + sizeof working.request_crc;
    frame_begin(writer);
    frame_put(writer, &working, sizeof working);
}

#ifndef QMCU_NO_INFER
static void put_outputs(frame_writer *writer)
{
    for (uint32_t i = 0; i < QMCU_MODEL_OUTPUTS; ++i) {
        frame_put(writer, qmcu_model_outputs[i].data, qmcu_model_outputs[i].size);
    }
}
#endif

/* An answer of one piece. */
static void send(uint8_t type, const void *data, uint32_t size)
{
    frame_writer writer;
    begin(&writer, type, size);
    frame_put(&writer, data, size);
    frame_end(&writer);
}

/* The code alone: what it means the host knows. */
static void send_error(uint16_t code)
{
    send(ERROR, &code, sizeof code);
}

static void hello(void)
{
    static const uint8_t build_id[32] = QMCU_BUILD_ID;
    static const struct {
        uint8_t length;
        char text[sizeof QMCU_BOARD_NAME - 1];
    } name = {sizeof name.text, QMCU_BOARD_NAME};
    const uint32_t tensors = QMCU_MODEL_INPUTS + QMCU_MODEL_OUTPUTS;
#if QMCU_RELEASE
    const uint8_t flags = FLAGS | qmcu_guard_flags();
#else
    const uint8_t flags = FLAGS;
#endif
    const uint8_t lead[4] = {PROTOCOL_VERSION, 0, qmcu_port_counter(), flags};
    const struct {
        uint32_t clock_hz;
        uint32_t layers;
        uint32_t arena;
        uint16_t inputs;
        uint16_t outputs;
    } sizes = {
        .clock_hz = qmcu_port_clock_hz(),
        .layers = QMCU_MODEL_LAYERS,
        .arena = QMCU_MODEL_ARENA_SIZE,
        .inputs = QMCU_MODEL_INPUTS,
        .outputs = QMCU_MODEL_OUTPUTS,
    };
    frame_writer writer;
    begin(&writer, RESPONSE | HELLO,
          sizeof lead + 3 * 32 + sizeof sizes + 4 * tensors + sizeof name + REPORT_SIZE);
    frame_put(&writer, lead, sizeof lead);
    frame_put(&writer, qmcu_model_sha256, 32);
    frame_put(&writer, build_id, 32);
    frame_put(&writer, qmcu_image_digest(), 32);
    frame_put(&writer, &sizes, sizeof sizes);
    for (uint32_t i = 0; i < QMCU_MODEL_INPUTS; ++i) {
        frame_put(&writer, &qmcu_model_inputs[i].size, sizeof(uint32_t));
    }
    for (uint32_t i = 0; i < QMCU_MODEL_OUTPUTS; ++i) {
        frame_put(&writer, &qmcu_model_outputs[i].size, sizeof(uint32_t));
    }
    frame_put(&writer, &name, sizeof name);
#if QMCU_RELEASE
    frame_put(&writer, qmcu_guard_told(), REPORT_SIZE);
#endif
    frame_end(&writer);
}

/* Where nothing faults below the stack, an overflow shows only afterwards; startup.c sets a limit
   where cores know one. */
QMCU_SHARED void qmcu_protocol_check_stack(void)
{
#ifndef __ARM_ARCH_8M_MAIN__
    if (qmcu_stack_overflowed()) {
        const qmcu_fault fault = {
            .cause = QMCU_STACK_OVERFLOW,
            .pc = (uint32_t)(uintptr_t)qmcu_model_invoke,
        };
        qmcu_protocol_fault(&fault);
    }
#endif
}

static void invoke(void)
{
#if QMCU_RELEASE || defined QMCU_MONITOR
    for (uint32_t i = 0; i < QMCU_MODEL_LAYERS; ++i) {
#if QMCU_RELEASE
        qmcu_guard_step(i + 1);
#endif
        qmcu_model_layers[i].run(qmcu_model_layers[i].arguments);
#ifdef QMCU_MONITOR
        qmcu_monitor_layer(i);
#endif
    }
#ifdef QMCU_MONITOR
    qmcu_monitor_done();
#endif
#if QMCU_RELEASE
    qmcu_guard_step(0);
#endif
#else
    qmcu_model_invoke();
#endif
}

#ifdef QMCU_NO_INFER
void qmcu_infer(void)
{
    qmcu_stack_paint();
    invoke();
    qmcu_protocol_check_stack();
#if QMCU_RELEASE
    qmcu_guard_check();
#endif
}

__attribute__((weak)) void qmcu_application(void)
{
}
#else
#if QMCU_DEBUG_PROTOCOL
static uint64_t layer_cycles[MOST_LAYERS];

/* The cycles of the layers, in layer_cycles, and of all together; what is between them is none. */
static uint64_t invoke_timed(void)
{
    uint64_t all = 0;
    for (uint32_t i = 0; i < QMCU_MODEL_LAYERS; ++i) {
        const uint64_t before = qmcu_port_cycles();
        qmcu_model_layers[i].run(qmcu_model_layers[i].arguments);
        layer_cycles[i] = qmcu_port_cycles() - before;
        all += layer_cycles[i];
    }
    return all;
}
#endif

/* INFER, or PROFILE in firmware that has it. */
static void infer(uint8_t type)
{
    struct __attribute__((packed, aligned(4))) {
        uint64_t cycles;
        uint32_t stack;
    } lead;
    uint32_t layers_size = 0;
    qmcu_stack_paint();
#if QMCU_DEBUG_PROTOCOL
    if (type == PROFILE) {
        layers_size = QMCU_MODEL_LAYERS * sizeof layer_cycles[0];
        lead.cycles = invoke_timed();
    } else
#endif
    {
        const uint64_t start = qmcu_port_cycles();
        invoke();
        lead.cycles = qmcu_port_cycles() - start;
    }
    qmcu_protocol_check_stack();
    lead.stack = qmcu_stack_used();
#if QMCU_RELEASE
    qmcu_guard_check();
#endif
    frame_writer writer;
    begin(&writer, RESPONSE | type, sizeof lead + layers_size + output_bytes());
    frame_put(&writer, &lead, sizeof lead);
#if QMCU_DEBUG_PROTOCOL
    frame_put(&writer, layer_cycles, layers_size);
#endif
    put_outputs(&writer);
    frame_end(&writer);
}
#endif

#if QMCU_DEBUG_PROTOCOL
static void trace(void)
{
    const uint32_t layers = u32_at(current.arguments);
    const uint32_t offset = u32_at(current.arguments + 4);
    const uint32_t length = u32_at(current.arguments + 8);
    if (layers > QMCU_MODEL_LAYERS || offset > QMCU_MODEL_ARENA_SIZE ||
        length > QMCU_MODEL_ARENA_SIZE - offset) {
        send_error(BAD_ARGUMENT);
        return;
    }
    for (uint32_t i = 0; i < layers; ++i) {
        qmcu_model_layers[i].run(qmcu_model_layers[i].arguments);
    }
    send(RESPONSE | TRACE, qmcu_model_arena + offset, length);
}

#endif

static void baud(void)
{
    const uint32_t wanted = u32_at(current.arguments);
    const uint32_t reached = baud_reached(wanted);
    if (reached == 0) {
        send_error(BAD_ARGUMENT);
        return;
    }
    send(RESPONSE | BAUD, &reached, sizeof reached);
    baud_set(wanted);
}

#ifdef QMCU_MODEL_STATE_SIZE
enum { LAST_REQUEST = RESET };

static void reset(void)
{
    qmcu_model_reset();
    send(RESPONSE | RESET, 0, 0);
}
#else
enum { LAST_REQUEST = BAUD };
#endif

#ifdef QMCU_MONITOR
/* Reads the counters, and makes them 0 where the argument is not. */
static void monitor(void)
{
    const uint32_t size = sizeof(qmcu_monitor_counters);
    const uint32_t shape[2] = {QMCU_STATISTICS, QMCU_MONITOR_CLASSES};
    frame_writer writer;
    begin(&writer, RESPONSE | MONITOR, sizeof shape + size);
    frame_put(&writer, shape, sizeof shape);
    frame_put(&writer, qmcu_monitor_read(), size);
    frame_end(&writer);
    if (u32_at(current.arguments) != 0) {
        qmcu_monitor_reset();
    }
}
#endif

#ifdef QMCU_ACCESS
/* A nonce for a nonce, and keys that depend on both and on what HELLO tells of this firmware. */
static void challenge(void)
{
    static const uint8_t build_id[32] = QMCU_BUILD_ID;
    uint8_t identity[QMCU_IDENTITY_SIZE];
    uint8_t nonce[QMCU_NONCE_SIZE];
    memcpy(identity, qmcu_model_sha256, 32);
    memcpy(identity + 32, build_id, 32);
    memcpy(identity + 64, qmcu_image_digest(), 32);
    if (!qmcu_access_challenge(current.arguments, identity, nonce)) {
        send_error(LOCKED);
        return;
    }
    send(RESPONSE | CHALLENGE, nonce, sizeof nonce);
}

/* Whether the request's tag is that of a session; else it is answered here. All that it carries
   lies where it was received, for its length is right. */
static bool is_admitted(uint8_t type, uint32_t payload)
{
    const bool has_inputs = type >= INFER && type <= TRACE;
    const uint32_t inputs = has_inputs ? input_bytes() : 0;
    qmcu_access_check_begin(type == OPEN);
    qmcu_access_check_put(current.header, HEADER_SIZE);
    qmcu_access_check_put(current.arguments, payload - inputs - QMCU_TRAILER_SIZE);
    if (has_inputs) {
        for (uint32_t i = 0; i < QMCU_MODEL_INPUTS; ++i) {
            qmcu_access_check_put(qmcu_model_inputs[i].data, qmcu_model_inputs[i].size);
        }
    }
    const qmcu_admission admission = qmcu_access_check_end(current.trailer);
    if (admission == QMCU_LOCKED) {
        send_error(LOCKED);
    } else if (admission == QMCU_NO_SESSION) {
        send_error(NO_SESSION);
    }
    return admission == QMCU_ADMITTED;
}

static void opened(void)
{
    send(RESPONSE | OPEN, 0, 0);
}
#endif

static bool is_debug(uint8_t type)
{
    return type == PROFILE || type == TRACE;
}

static uint32_t expected_payload(uint8_t type)
{
    switch (type) {
#ifdef QMCU_ACCESS
    case CHALLENGE:
        return QMCU_NONCE_SIZE;
    case OPEN:
#endif
    case HELLO:
#ifdef QMCU_MODEL_STATE_SIZE
    case RESET:
#endif
        return 0;
    case BAUD:
        return BAUD_ARGUMENTS;
#ifdef QMCU_MONITOR
    case MONITOR:
        return MONITOR_ARGUMENTS;
#endif
    case TRACE:
        return TRACE_ARGUMENTS + input_bytes();
    default:
        return input_bytes();
    }
}

static void answer(void)
{
    const uint32_t payload = current.count - HEADER_SIZE - CRC_SIZE;
    const uint8_t type = current.header[0];
    const bool known =
        (type >= HELLO && type <= LAST_REQUEST) || HAS_MONITOR(type) || HAS_ACCESS(type);
    if (!known || (NO_INFER && type == INFER) || (!QMCU_DEBUG_PROTOCOL && is_debug(type))) {
        send_error(UNKNOWN_REQUEST);
#ifdef QMCU_MODELS
    } else if (current.header[1] >= MODELS) {
        send_error(BAD_ARGUMENT);
#endif
    } else if (payload != expected_payload(type) + TRAILER_OF(type)) {
        send_error(WRONG_LENGTH);
    } else if (type == HELLO) {
        hello();
#if QMCU_RELEASE
    } else if (qmcu_guard_flags() & QMCU_DAMAGED) {
        send_error(DAMAGED_IMAGE);
#endif
#ifdef QMCU_ACCESS
    } else if (type == CHALLENGE) {
        challenge();
    } else if (!is_admitted(type, payload)) {
        /* It was told why. */
    } else if (type == OPEN) {
        opened();
#endif
#ifndef QMCU_NO_INFER
    } else if (type == INFER || type == PROFILE) {
        infer(type);
#endif
#if QMCU_DEBUG_PROTOCOL
    } else if (type == TRACE) {
        trace();
#endif
#ifdef QMCU_MODEL_STATE_SIZE
    } else if (type == RESET) {
        reset();
#endif
#ifdef QMCU_MONITOR
    } else if (type == MONITOR) {
        monitor();
#endif
    } else {
        baud();
    }
}

static void end_of_frame(void)
{
    if (current.count == 0 && !current.damaged) {
        return;
    }
    const bool whole = !current.damaged && current.count >= HEADER_SIZE + CRC_SIZE &&
                       current.crc == current.held &&
                       u32_at(current.header + 4) == current.count - HEADER_SIZE - CRC_SIZE;
    baud_frame(whole);
    if (whole) {
        working.sequence = (uint16_t)(current.header[2] | (current.header[3] << 8));
        working.request_crc = current.held;
        answer();
#ifdef QMCU_ACCESS
        qmcu_access_done();
#endif
    } else {
        working.sequence = 0;
        working.request_crc = 0;
        send_error(DAMAGED_FRAME);
    }
#if QMCU_RELEASE
    /* Neither inputs nor what was made of them stay where the next host might find them. */
    for (volatile int8_t *byte = qmcu_model_arena; byte < qmcu_model_arena + QMCU_MODEL_ARENA_SIZE;
         ++byte) {
        *byte = 0;
    }
#endif
}

QMCU_SHARED void qmcu_protocol_reset(void)
{
    /* What was held, the header and arguments are written before they are read. */
    current.left = 0;
    current.zero_follows = false;
    current.damaged = false;
    current.count = 0;
    current.crc = 0;
    current.tensor = 0;
    current.position = 0;
}

QMCU_SHARED void qmcu_protocol_receive(uint8_t byte)
{
    if (receive(byte)) {
        end_of_frame();
        qmcu_protocol_reset();
    }
}

void qmcu_protocol_run(void)
{
#ifdef QMCU_MODELS
    qmcu_models_start();
#elif defined QMCU_MODEL_STATE_SIZE
    qmcu_model_reset();
#endif
    send(READY, 0, 0);
    for (;;) {
        uint8_t byte;
        if (qmcu_port_read(&byte)) {
            qmcu_protocol_receive(byte);
        }
        qmcu_baud_watch();
#ifdef QMCU_NO_INFER
        qmcu_application();
#endif
#if QMCU_RELEASE
        qmcu_guard_feed();
#endif
    }
}

void qmcu_protocol_fault(const qmcu_fault *fault)
{
#if QMCU_RELEASE
    if (!qmcu_guard_keep(fault)) {
        qmcu_guard_reset();
    }
#endif
    send(FAULT, fault, sizeof *fault);
#if QMCU_RELEASE
    qmcu_guard_reset();
#endif
    for (;;) {
        __asm volatile("bkpt #0");
    }
}
