/* The commands of MLPerf Tiny's runner: ASCII that ends with '%', each answered by lines of which
   the last is m-ready. Frames of docs/PROTOCOL.md are answered beside them: no command holds the
   zero that opens a frame. The wording of the answers is what the runner looks for. */
#include "mlperf_tiny.h"

#include "benchmark.h"
#include "board.h"
#include "guard.h"
#include "model.h"
#include "port.h"
#include "protocol.h"
#include "stack.h"
#include "text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { COMMAND_SIZE = 80, PRINTED_PER_LINE = 8, DEFAULT_WARMUPS = 10 };
enum { INPUT_SIZE = QMCU_BENCHMARK_INPUTS * QMCU_BENCHMARK_INPUT_WIDTH };
/* The second byte of every request's header is zero, so that its first block is one byte long. */
enum { FIRST_COBS_CODE = 2 };

typedef enum { TEXT, ZERO_SEEN, FRAME } reception;

static char command[COMMAND_SIZE + 1];
static uint32_t command_length; /* COMMAND_SIZE + 1 when it was too long */
static uint8_t input[INPUT_SIZE] __attribute__((aligned(4)));
static uint32_t announced; /* bytes that `db load` promised */
static uint32_t loaded;    /* bytes that came since */
static bool have_results;

#if QMCU_BENCHMARK_INPUT_IS_FLOAT
static int8_t prepared[QMCU_BENCHMARK_INPUTS];

static float input_value(uint32_t index)
{
    float value;
    memcpy(&value, input + index * sizeof value, sizeof value);
    return value;
}

/* round(value / scale) + zero point, halves away from zero, saturated. */
static int8_t quantized(float value)
{
    const float steps = value / QMCU_BENCHMARK_INPUT_SCALE;
    if (!(steps > -512.0f)) { /* not a number, too */
        return -128;
    }
    if (steps > 512.0f) {
        return 127;
    }
    int32_t whole = (int32_t)steps;
    const float rest = steps - (float)whole;
    whole += (rest >= 0.5f) - (rest <= -0.5f) + QMCU_BENCHMARK_INPUT_ZERO_POINT;
    return (int8_t)(whole < -128 ? -128 : whole > 127 ? 127 : whole);
}

static void prepare(void)
{
    for (uint32_t i = 0; i < QMCU_BENCHMARK_INPUTS; ++i) {
        prepared[i] = quantized(input_value(i));
    }
}
#else
/* Stored as the model takes it. */
static const uint8_t *const prepared = input;

static void prepare(void)
{
}
#endif

static float output_value(uint32_t index)
{
    const int32_t value = qmcu_model_outputs[0].data[index] - QMCU_BENCHMARK_OUTPUT_ZERO_POINT;
    return (float)value * QMCU_BENCHMARK_OUTPUT_SCALE;
}

static void line_of_number(const char *before, uint64_t number, const char *after)
{
    qmcu_put_text(before);
    qmcu_put_number(number);
    qmcu_put_text(after);
    qmcu_put_text("\r\n");
}

static void timestamp(void)
{
    line_of_number("m-lap-us-", qmcu_port_cycles() * 1000000u / qmcu_port_clock_hz(), "");
}

static void results(void)
{
    if (!have_results) {
        qmcu_put_text("e-[There are no results before 'infer']\r\n");
        return;
    }
    qmcu_put_text("m-results-[");
#if QMCU_BENCHMARK_REPORTS_ERROR
    /* An autoencoder's figure: the mean squared error of what it made of its input. */
    float sum = 0.0f;
    for (uint32_t i = 0; i < QMCU_BENCHMARK_OUTPUTS; ++i) {
        const float difference = output_value(i) - input_value(i);
        sum += difference * difference;
    }
    qmcu_put_thousandths(sum / (float)QMCU_BENCHMARK_OUTPUTS);
#else
    for (uint32_t i = 0; i < QMCU_BENCHMARK_OUTPUTS; ++i) {
        qmcu_put_text(i == 0 ? "" : ",");
        qmcu_put_thousandths(output_value(i));
    }
#endif
    qmcu_put_text("]\r\n");
}

/* The input is copied in each time, for an inference overwrites it. */
static void run(uint32_t times)
{
    while (times-- > 0) {
        memcpy(qmcu_model_inputs[0].data, prepared, QMCU_BENCHMARK_INPUTS);
        qmcu_model_invoke();
#if QMCU_RELEASE
        qmcu_guard_feed();
        qmcu_guard_check();
#endif
        /* A counter of 32 bits wraps within seconds: it is read often enough here to notice. */
        (void)qmcu_port_cycles();
    }
}

static void infer(const char *iterations, const char *warmups)
{
    uint32_t measured = 1;
    uint32_t before = DEFAULT_WARMUPS;
    if (iterations != NULL && (!qmcu_parse_number(iterations, &measured) || measured == 0)) {
        qmcu_put_text("e-[Inference iterations must be >0]\r\n");
        return;
    }
    if (warmups != NULL && !qmcu_parse_number(warmups, &before)) {
        qmcu_put_text("e-[Inference warmup must be >=0]\r\n");
        return;
    }
    if (loaded != INPUT_SIZE) {
        line_of_number("e-[Input has ", loaded, " bytes; load all of it with 'db' first]");
        return;
    }
    prepare();
    qmcu_stack_paint();
    line_of_number("m-warmup-start-", before, "");
    run(before);
    qmcu_put_text("m-warmup-done\r\n");
    line_of_number("m-infer-start-", measured, "");
    timestamp();
    run(measured);
    timestamp();
    qmcu_protocol_check_stack();
    qmcu_put_text("m-infer-done\r\n");
    have_results = true;
    results();
}

static void load(const char *size)
{
    uint32_t bytes;
    if (size == NULL) {
        qmcu_put_text("e-[Command 'db load' requires the # of bytes]\r\n");
    } else if (!qmcu_parse_number(size, &bytes) || bytes == 0) {
        qmcu_put_text("e-[Command 'db load' must be >0 bytes]\r\n");
    } else if (bytes > INPUT_SIZE) {
        qmcu_put_text("e-[Supplied buffer size ");
        qmcu_put_number(bytes);
        line_of_number(" exceeds maximum of ", INPUT_SIZE, "]");
    } else {
        announced = bytes;
        loaded = 0;
        have_results = false;
        line_of_number("m-[Expecting ", bytes, " bytes]");
    }
}

static void print_input(void)
{
    for (uint32_t i = 0; i < loaded; ++i) {
        qmcu_put_text(i % PRINTED_PER_LINE == 0 ? "m-buffer-" : "-");
        qmcu_put_hex_byte(input[i] ^ QMCU_BENCHMARK_INPUT_FLIP);
        if (i + 1 == loaded || (i + 1) % PRINTED_PER_LINE == 0) {
            qmcu_put_text("\r\n");
        }
    }
}

static void load_bytes(const char *digits)
{
    if (loaded == announced) {
        qmcu_put_text("e-[No bytes are expected; 'db load' comes first]\r\n");
        return;
    }
    if (strlen(digits) % 2 != 0) {
        qmcu_put_text("e-[Insufficent number of hex digits]\r\n");
        return;
    }
    for (; *digits != '\0'; digits += 2) {
        const int32_t high = qmcu_parse_hex_digit(digits[0]);
        const int32_t low = qmcu_parse_hex_digit(digits[1]);
        if (high < 0 || low < 0) {
            const char wrong[] = {digits[0], digits[1], '\0'};
            qmcu_put_text("e-[Invalid hex digit '");
            qmcu_put_text(wrong);
            qmcu_put_text("']\r\n");
            return;
        }
        input[loaded++] = (uint8_t)((high << 4) | low) ^ QMCU_BENCHMARK_INPUT_FLIP;
        if (loaded == announced) {
            qmcu_put_text("m-load-done\r\n");
            return;
        }
    }
}

static void help(void)
{
    qmcu_put_text(QMCU_BENCHMARK_PROFILE
                  "\r\n\r\n"
                  "help         : Print this information\r\n"
                  "name         : Print the name of the device\r\n"
                  "timestamp    : Print the microseconds that the device has counted\r\n"
                  "profile      : Print the version of the protocol and the model\r\n"
                  "db load N    : Expect N bytes of input\r\n"
                  "db HH[HH]*   : Load bytes in hexadecimal\r\n"
                  "db print     : Print the bytes that were loaded\r\n"
                  "infer N [W=10]: Load the input, run N inferences after W to warm up\r\n"
                  "results      : Print the last results\r\n");
}

/* The next word, cut off in place; NULL at the end. */
static char *next_word(char **rest)
{
    char *word = *rest;
    while (*word == ' ') {
        ++word;
    }
    if (*word == '\0') {
        return NULL;
    }
    char *end = word;
    while (*end != ' ' && *end != '\0') {
        ++end;
    }
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

static void data_command(char *rest)
{
    const char *word = next_word(&rest);
    if (word == NULL) {
        qmcu_put_text("e-[Command 'db' requires a subcommand]\r\n");
    } else if (strcmp(word, "load") == 0) {
        load(next_word(&rest));
    } else if (strcmp(word, "print") == 0) {
        print_input();
    } else {
        load_bytes(word);
    }
}

static void obey(char *text)
{
    char *rest = text;
    const char *word = next_word(&rest);
    if (word == NULL) {
        return;
    }
    if (strcmp(word, "name") == 0) {
        qmcu_put_text("m-name-dut-[" QMCU_BOARD_NAME "]\r\n");
    } else if (strcmp(word, "timestamp") == 0) {
        timestamp();
    } else if (strcmp(word, "profile") == 0) {
        qmcu_put_text("m-profile-[" QMCU_BENCHMARK_PROFILE "]\r\n"
                      "m-model-[" QMCU_BENCHMARK_MODEL "]\r\n");
    } else if (strcmp(word, "help") == 0) {
        help();
    } else if (strcmp(word, "db") == 0) {
        data_command(rest);
    } else if (strcmp(word, "infer") == 0) {
        const char *iterations = next_word(&rest);
        infer(iterations, next_word(&rest));
    } else if (strcmp(word, "results") == 0) {
        results();
    } else {
        qmcu_put_text("e-[Unknown command: ");
        qmcu_put_text(word);
        qmcu_put_text("]\r\n");
    }
}

static void take_text(char character)
{
    if (character == '%') {
        if (command_length > COMMAND_SIZE) {
            qmcu_put_text("e-[Command too long]\r\n");
        } else {
            command[command_length] = '\0';
            obey(command);
        }
        command_length = 0;
        qmcu_put_text("m-ready\r\n");
    } else if (character != '\r' && character != '\n') {
        if (command_length < COMMAND_SIZE) {
            command[command_length] = character;
        }
        command_length += command_length <= COMMAND_SIZE;
    }
}

static reception take(reception state, uint8_t byte)
{
    if (state == ZERO_SEEN) {
        state = byte == FIRST_COBS_CODE ? FRAME : TEXT;
    }
    if (state == FRAME) {
        /* Its inference overwrites the results. */
        have_results = have_results && byte != 0;
        qmcu_protocol_receive(byte);
    }
    if (byte == 0) {
        command_length = 0;
        return ZERO_SEEN;
    }
    if (state == TEXT) {
        take_text((char)byte);
    }
    return state;
}

void qmcu_mlperf_tiny_run(void)
{
    reception state = TEXT;
    uint64_t heard = 0;
    qmcu_put_text("m-timestamp-mode-performance\r\n");
    timestamp();
    qmcu_put_text("m-init-done\r\nm-ready\r\n");
    for (;;) {
        uint8_t byte;
        const uint64_t now = qmcu_port_cycles();
        if (qmcu_port_read(&byte)) {
            state = take(state, byte);
            heard = qmcu_port_cycles();
        } else if (state == FRAME && now - heard > qmcu_port_clock_hz()) {
            /* A host that was interrupted: after a second the rest is not coming. */
            qmcu_protocol_reset();
            state = TEXT;
        }
        qmcu_baud_watch();
#if QMCU_RELEASE
        qmcu_guard_feed();
#endif
    }
}
