/* Included first by kernels whose inner loops want registers of their own, of which a function's other
   loops know nothing: compiled by GCC with a region a loop, which costs some bytes. Cortex-M0+ has too
   few registers to gain by it. */
#ifndef QMCU_REGIONS_H
#define QMCU_REGIONS_H

#if defined __GNUC__ && !defined __clang__ && !defined __ARM_ARCH_6M__
#pragma GCC optimize("ira-region=mixed")
#endif

#endif
