/* output = round(sqrt(input)) >> scale_bits. */
#include "signal_filter_bank_square_root.h"

/* Bit by bit; rounded up where the rest is larger than the root, but not above `most`. */
static uint32_t rounded_root(uint64_t value, uint64_t most)
{
    uint64_t rest = value, root = 0, bit = UINT64_C(1) << 62;
    while (bit > value) {
        bit >>= 2;
    }
    for (; bit != 0; bit >>= 2) {
        if (rest >= root + bit) {
            rest -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    if (rest > root && root != most) {
        ++root;
    }
    return (uint32_t)root;
}

void qmcu_signal_filter_bank_square_root(const qmcu_signal_filter_bank_square_root_params *params,
                                         const uint64_t *input, const int32_t *scale_bits,
                                         uint32_t *output)
{

    for (int32_t i = 0; i < params->size; ++i) {
        const uint64_t value = input[i];
        const uint32_t root =
            value >> 32 == 0 ? rounded_root(value, 0xFFFF) : rounded_root(value, 0xFFFFFFFF);
        output[i] = *scale_bits < 32 ? root >> *scale_bits : 0;
    }
}
