/* A model with its kernels on a computer: requests from stdin, answers to stdout.
 *
 * 'R' makes the state what it is at the start; 'I' and the bytes of each input are answered by the
 * bytes of each output. It ends when stdin does. */
#include "model.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

/* What the kernels take for granted, and what no standard promises of a computer. */
_Static_assert(FLT_EVAL_METHOD == 0, "each operation on real numbers is rounded on its own");
_Static_assert((-3 >> 1) == -2, "shifts to the right round down");

static int infer(void)
{
    for (uint32_t i = 0; i < QMCU_MODEL_INPUTS; ++i) {
        const qmcu_tensor *const input = &qmcu_model_inputs[i];
        if (fread(input->data, 1, input->size, stdin) != input->size) {
            return 1;
        }
    }
    qmcu_model_invoke();
    for (uint32_t i = 0; i < QMCU_MODEL_OUTPUTS; ++i) {
        const qmcu_tensor *const output = &qmcu_model_outputs[i];
        if (fwrite(output->data, 1, output->size, stdout) != output->size) {
            return 1;
        }
    }
    return fflush(stdout);
}

static void reset(void)
{
#ifdef QMCU_MODEL_STATE_SIZE
    qmcu_model_reset();
#endif
}

int main(void)
{
#ifdef _WIN32
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
#endif
    const uint16_t order = 1;
    uint8_t lowest = 0;
    memcpy(&lowest, &order, 1);
    if (lowest != 1) {
        return 3; /* constants lie in memory lowest byte first */
    }
    reset();
    for (;;) {
        const int request = getchar();
        if (request == EOF) {
            return 0;
        }
        if (request == 'R') {
            reset();
        } else if (infer() != 0) {
            return 1;
        }
    }
}
