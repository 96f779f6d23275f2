/* Who may send more than HELLO: sessions with a key, of firmware built with --access. What it
   follows, and what it is good for, is in docs/SECURITY.md; the messages are in docs/PROTOCOL.md. */
#ifndef QMCU_ACCESS_H
#define QMCU_ACCESS_H

#include "board.h"

#ifdef QMCU_ACCESS
#include <stdbool.h>
#include <stdint.h>

/* What a request ends with: its number in the session, and the first bytes of its HMAC. */
enum { QMCU_NONCE_SIZE = 16, QMCU_NUMBER_SIZE = 4, QMCU_TAG_SIZE = 16 };
enum { QMCU_TRAILER_SIZE = QMCU_NUMBER_SIZE + QMCU_TAG_SIZE };
/* What a session is bound to: SHA-256 of the model, the build and the image, as HELLO tells them. */
enum { QMCU_IDENTITY_SIZE = 96 };

typedef enum { QMCU_ADMITTED, QMCU_NO_SESSION, QMCU_LOCKED } qmcu_admission;

/* After the port's start: takes up what survived a reset. */
void qmcu_access_start(void);

/* Answers a challenge with a nonce of our own: the session that comes of both is open only when
   QMCU_OPENING was admitted. False while locked. */
bool qmcu_access_challenge(const uint8_t *theirs, const uint8_t *identity, uint8_t *ours);

/* A request is checked in pieces: all that goes before its tag, in order. `opening` is the one that
   opens the session of the last challenge. */
void qmcu_access_check_begin(bool opening);
void qmcu_access_check_put(const void *data, uint32_t size);
qmcu_admission qmcu_access_check_end(const uint8_t *trailer);

/* The answer to the request that was admitted: how many bytes longer it is; 0 for all others. */
uint32_t qmcu_access_answer_begin(void);
void qmcu_access_answer_put(const void *data, uint32_t size);

/* The answer's tag, if it is to have one. */
bool qmcu_access_answer_end(uint8_t *tag);

/* After each request: no further answer is sealed. */
void qmcu_access_done(void);

/* Of the port, where its chip has a generator of random numbers: fills `data`, false: it has not. */
bool qmcu_port_random(uint8_t *data, uint32_t size);

#endif
#endif
