/* Text over the port's UART, and text to numbers. */
#ifndef QMCU_TEXT_H
#define QMCU_TEXT_H

#include <stdbool.h>
#include <stdint.h>

void qmcu_put_text(const char *text);
void qmcu_put_number(uint64_t value);
void qmcu_put_hex_byte(uint8_t byte);

/* As printf's "%0.3f" prints it: the exact value, rounded half to even. */
void qmcu_put_thousandths(float value);

/* Up to nine decimal digits and nothing else. */
bool qmcu_parse_number(const char *text, uint32_t *value);

/* One hexadecimal digit, or -1. */
int32_t qmcu_parse_hex_digit(char digit);

#endif
