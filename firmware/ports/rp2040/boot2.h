/* The second boot stage, in boot2.c; included so that it is part of the project. */
#ifndef QMCU_BOOT2_H
#define QMCU_BOOT2_H

enum { QMCU_BOOT2_SIZE = 256 };

#endif
