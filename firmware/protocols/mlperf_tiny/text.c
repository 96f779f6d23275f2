#include "text.h"

#include "port.h"

#include <string.h>

void qmcu_put_text(const char *text)
{
    while (*text != '\0') {
        qmcu_port_write((uint8_t)*text++);
    }
}

void qmcu_put_number(uint64_t value)
{
    char digits[21];
    uint32_t at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    qmcu_put_text(digits + at);
}

void qmcu_put_hex_byte(uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    qmcu_port_write((uint8_t)digits[byte >> 4]);
    qmcu_port_write((uint8_t)digits[byte & 15]);
}

/* Thousandths of significand * 2^exponent; values from 2^53 on saturate. */
static uint64_t thousandths(uint32_t significand, int32_t exponent)
{
    uint64_t scaled = (uint64_t)significand * 1000;
    if (exponent >= 0) {
        return exponent < 30 ? scaled << exponent : UINT64_MAX;
    }
    /* Below 2^34, so that nothing but zero is left of it, and less than a half behind the point. */
    if (exponent < -35) {
        return 0;
    }
    const uint64_t unit = (uint64_t)1 << -exponent;
    const uint64_t rest = scaled & (unit - 1);
    scaled >>= -exponent;
    return scaled + (rest > unit / 2 || (rest == unit / 2 && (scaled & 1) != 0));
}

void qmcu_put_thousandths(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t biased = (bits >> 23) & 0xFFu;
    const uint32_t fraction = bits & 0x7FFFFFu;
    const uint64_t amount = biased == 0 ? thousandths(fraction, -149)
                                        : thousandths(fraction | 0x800000u, (int32_t)biased - 150);
    const uint32_t behind = (uint32_t)(amount % 1000);
    if ((bits >> 31) != 0) {
        qmcu_put_text("-");
    }
    qmcu_put_number(amount / 1000);
    const char point[] = {'.', (char)('0' + behind / 100), (char)('0' + behind / 10 % 10),
                          (char)('0' + behind % 10), '\0'};
    qmcu_put_text(point);
}

bool qmcu_parse_number(const char *text, uint32_t *value)
{
    uint32_t digits = 0;
    *value = 0;
    for (; *text >= '0' && *text <= '9'; ++text) {
        *value = 10 * *value + (uint32_t)(*text - '0');
        ++digits;
    }
    return *text == '\0' && digits > 0 && digits <= 9;
}

int32_t qmcu_parse_hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit |= 0x20; /* lower case */
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}
