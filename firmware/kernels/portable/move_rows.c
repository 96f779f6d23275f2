/* Rows of a tensor that are kept go to the start of their buffer, from the first word to the last, so
 * that what is written over was read before. */
#include "move_rows.h"

#include <string.h>

void qmcu_move_rows(const qmcu_move_rows_params *params, const int8_t *input, int8_t *output)
{
    const int8_t *const end = input + params->size;
    while (end - input >= 8) {
        uint32_t words[2];
        memcpy(words, __builtin_assume_aligned(input, 4), sizeof words);
        memcpy(__builtin_assume_aligned(output, 4), words, sizeof words);
        input += sizeof words;
        output += sizeof words;
    }
    while (input < end) {
        *output++ = *input++;
    }
}
