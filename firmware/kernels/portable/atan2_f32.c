/* The angle of the point (input2, input1), -pi to pi, with broadcasting: in double, rounded to float
   once. */
#include "atan2_f32.h"

#include "binary_code.h"
#include "real_functions.h"

/* atan(k / 16) */
static const double angles[17] = {
    0x0.0p+0,
    0x1.ff55bb72cfdeap-5,
    0x1.fd5ba9aac2f6ep-4,
    0x1.7b97b4bce5b02p-3,
    0x1.f5b75f92c80ddp-3,
    0x1.362773707ebccp-2,
    0x1.6f61941e4def1p-2,
    0x1.a64eec3cc23fdp-2,
    0x1.dac670561bb4fp-2,
    0x1.0657e94db30d0p-1,
    0x1.1e00babdefeb4p-1,
    0x1.345f01cce37bbp-1,
    0x1.4978fa3269ee1p-1,
    0x1.5d58987169b18p-1,
    0x1.700a7c5784634p-1,
    0x1.819d0b7158a4dp-1,
    0x1.921fb54442d18p-1,
};

/* atan of 0 to 1: from the nearest k / 16 on, by atan(a) - atan(b) = atan((a - b) / (1 + a b)) and
   the series of what is left, 1/32 at most. */
static double arctangent(double ratio)
{
    const int32_t k = (int32_t)(ratio * 16.0 + 0.5);
    const double near = (double)k * 0.0625;
    const double rest = (ratio - near) / (1.0 + ratio * near);
    const double square = rest * rest;
    double sum = -1.0 / 11.0;
    sum = sum * square + 1.0 / 9.0;
    sum = sum * square - 1.0 / 7.0;
    sum = sum * square + 1.0 / 5.0;
    sum = sum * square - 1.0 / 3.0;
    return angles[k] + (rest + rest * square * sum);
}

static float angle(float y, float x)
{
    if (y != y || x != x) {
        return y + x;
    }
    const uint32_t sign = qmcu_bits_of(y) & 0x80000000u;
    const int32_t left = (int32_t)(qmcu_bits_of(x) >> 31);
    const double high = (double)qmcu_float_of(qmcu_bits_of(y) & 0x7fffffffu);
    const double wide = (double)qmcu_float_of(qmcu_bits_of(x) & 0x7fffffffu);
    const double larger = high > wide ? high : wide;
    const double smaller = high > wide ? wide : high;
    double found = 0.0;
    if (larger > 0.0) {
        /* Of two infinities, too. */
        found = arctangent(larger == smaller ? 1.0 : smaller / larger);
    }
    found = high > wide ? 0x1.921fb54442d18p+0 - found : found;
    found = left ? 0x1.921fb54442d18p+1 - found : found;
    return qmcu_float_of(qmcu_bits_of((float)found) | sign);
}

QMCU_BINARY(qmcu_atan2_f32, float, angle)
