/* Included first by kernels whose code counts more than their speed: what takes few of a model's
   instructions, or no more when it is compiled for size. Loops that count to a number are made no
   loops of Cortex-M55's own, which need it computed before they begin. */
#ifndef QMCU_SMALL_H
#define QMCU_SMALL_H

#if defined __GNUC__ && !defined __clang__
#pragma GCC optimize("Os", "no-branch-count-reg")
#endif

#endif
