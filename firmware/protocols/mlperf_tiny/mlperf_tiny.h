#ifndef QMCU_MLPERF_TINY_H
#define QMCU_MLPERF_TINY_H

/* Announces itself, then obeys the commands of MLPerf Tiny's runner, and answers frames, for ever. */
void qmcu_mlperf_tiny_run(void) __attribute__((noreturn));

#endif
