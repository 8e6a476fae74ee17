/* Loads the engine, mounts, and runs the checks: main LIBRARY UPPER SHARED [CHECKS]
 *
 * The checks are in this program (it was linked with uses.c), or in the library CHECKS, which is loaded only after the
 * hooks were put in. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

extern int uses(void) __attribute__((weak));

/* So that there is a call of the C library in this program, also where the checks are elsewhere. */
static int is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

int main(int count, char **arguments)
{
    if (count < 4)
        return 2;
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    int (*mount)(const char *, const char *) = library ? (int (*)(const char *, const char *))dlsym(library, "mount_for_test") : 0;
    if (!mount)
        return fprintf(stderr, "%s\n", dlerror()), 2;
    int slots = mount(arguments[2], arguments[3]);
    if (slots <= 0 || !is_there("/app/hello.txt"))
        return fprintf(stderr, "%d slots\n", slots), 2;
    int (*checks)(void) = uses;
    if (count > 4) {
        void *late = dlopen(arguments[4], RTLD_NOW | RTLD_LOCAL);
        checks = late ? (int (*)(void))dlsym(late, "uses") : 0;
    }
    if (!checks)
        return fprintf(stderr, "no checks: %s\n", dlerror()), 2;
    return checks() ? 1 : 0;
}
