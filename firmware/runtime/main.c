#include "board.h"
#include "guard.h"
#include "port.h"
#include "protocol.h"

int main(void)
{
    qmcu_port_init();
#if QMCU_RELEASE
    qmcu_guard_start();
#endif
    qmcu_protocol_run();
}
