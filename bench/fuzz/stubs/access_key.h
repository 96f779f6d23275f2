/* A key for the fuzzer. */
#ifndef QMCU_ACCESS_KEY_H
#define QMCU_ACCESS_KEY_H

#define QMCU_ACCESS_KEY {1, 2, 3}

#endif
