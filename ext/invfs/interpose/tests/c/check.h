/* What the C programs share: one line for each check, and how many failed. */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int failures;

/* errno is what the last call in the condition left there. */
static inline void report(int passed, const char *what, int line)
{
    int error = errno;
    if (passed)
        printf("ok %s\n", what);
    else
        printf("not ok %s (line %d, errno %d: %s)\n", what, line, error, strerror(error));
    fflush(stdout);
    failures += !passed;
}

#define CHECK(condition) (errno = 0, report(!!(condition), #condition, __LINE__))
#define FAILS(call, error) (errno = 0, report((call) == -1 && errno == (error), #call " fails with " #error, __LINE__))

#endif
