/* Offsets of structs as assembly in strings writes them, held to the structs by asserts. */
#ifndef QMCU_ASSEMBLY_MVE_H
#define QMCU_ASSEMBLY_MVE_H

#include <stddef.h>

#define QMCU_TEXT_OF(X) #X
#define QMCU_TEXT(X) QMCU_TEXT_OF(X)
#define QMCU_AT(OFFSET) "#" QMCU_TEXT(OFFSET)
#define QMCU_PLACE(TYPE, FIELD, OFFSET) _Static_assert(offsetof(TYPE, FIELD) == (OFFSET), #FIELD)

#endif
