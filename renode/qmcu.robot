*** Comments ***
Run with Renode's runner, whose Python must find qmcu:
renode-test --variable DIRECTORY:build/kws-stm32f746 renode/qmcu.robot
With vector files: --variable VECTORS:clean.npz --variable TRIGGERED:triggered.npz

*** Settings ***
Documentation     The image of a firmware directory on Renode: handshake, vectors, profile.
Library           qmcu.robot.BoardKeywords
Test Teardown     Board Ends

*** Variables ***
${DIRECTORY}      build
${VECTORS}        ${EMPTY}
${TRIGGERED}      ${EMPTY}

*** Keywords ***
Board Runs
    ${commands}=    Board Commands    ${DIRECTORY}
    FOR    ${command}    IN    @{commands}
        Execute Command    ${command}
    END
    Start Emulation
    ${hello}=    Open Board
    RETURN    ${hello}

Board Ends
    Close Board
    Reset Emulation

*** Test Cases ***
The Handshake Names Model And Build
    ${hello}=    Board Runs
    Should Match Regexp    ${hello}    model [0-9a-f]{12}, build [0-9a-f]{12}

Clean Vectors Give The Expected Bytes
    Board Runs
    ${equal}=    Outputs Should Be Equal    ${VECTORS}
    Should Be True    ${equal} > 0

Triggered Vectors Give The Expected Bytes
    Skip If    '${TRIGGERED}' == ''    give --variable TRIGGERED:FILE.npz
    Board Runs
    Vectors Should Be Triggered    ${TRIGGERED}
    ${equal}=    Outputs Should Be Equal    ${TRIGGERED}
    Should Be True    ${equal} > 0

The Profile Is Within What The Processor Executed
    Board Runs
    ${before}=    Execute Command    cpu ExecutedInstructions
    ${profiled}=    Profiled Instructions
    ${after}=    Execute Command    cpu ExecutedInstructions
    # What Execute Command returns ends in newlines.
    ${executed}=    Evaluate    int($after.strip(), 16) - int($before.strip(), 16)
    Should Be True    0 < ${profiled} < ${executed}
