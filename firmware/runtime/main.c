#include "board.h"
#ifdef QMCU_ACCESS
#include "access.h"
#endif
#include "guard.h"
#include "port.h"
#include "protocol.h"

int main(void)
{
    qmcu_port_init();
#ifdef QMCU_ACCESS
    qmcu_access_start();
#endif
#if QMCU_RELEASE
    qmcu_guard_start();
#endif
    qmcu_protocol_run();
}
