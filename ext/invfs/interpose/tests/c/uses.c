/* Uses a mount as a program does that knows nothing of it, and real files next to it. */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* Tables of functions: in memory that the linker protects, and in memory that stays writable. */
struct calls {
    int (*open)(const char *, int, ...);
    ssize_t (*read)(int, void *, size_t);
    int (*close)(int);
    int (*access)(const char *, int);
    DIR *(*opendir)(const char *);
};
const struct calls constant = { open, read, close, access, opendir };
struct calls variable = { open, read, close, access, opendir };
/* Through these the compiler cannot see what is in the tables. */
static const struct calls *volatile tables[] = { &constant, &variable };

static char text[PATH_MAX];

/* Whether the descriptor holds these contents; closes it. The size is known to the compiler, so that _FORTIFY_SOURCE
 * takes the checked functions. */
static int holds(int fd, const char *contents)
{
    if (fd < 0)
        return 0;
    memset(text, 0, sizeof text);
    ssize_t length = read(fd, text, sizeof text - 1);
    return close(fd) == 0 && length == (ssize_t)strlen(contents) && strcmp(text, contents) == 0;
}

/* As the system says of a file that is open for reading. */
static void writing_to_readers(const char *path)
{
    struct iovec piece = { "x", 1 };
    int fd = open(path, O_RDONLY);
    FAILS(write(fd, "x", 1), EBADF);
    FAILS(pwrite(fd, "x", 1, 0), EBADF);
    FAILS(writev(fd, &piece, 1), EBADF);
    FAILS(pwritev(fd, &piece, 1, 0), EBADF);
    FAILS(ftruncate(fd, 1), EINVAL);
    FAILS(fallocate(fd, 0, 0, 1), EBADF);
    CHECK(posix_fallocate(fd, 0, 1) == EBADF);
    CHECK(mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES);
    char *shared = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(shared != MAP_FAILED && *shared != 0 && munmap(shared, 1) == 0);
    char *own = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(own != MAP_FAILED && (*own = 'y') && munmap(own, 1) == 0);
    CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY && close(fd) == 0);
    FAILS(write(-1, "x", 1), EBADF);
}

static void reading(void)
{
    volatile int flags = O_RDONLY;
    CHECK(holds(open("/app/hello.txt", O_RDONLY), "hello\n"));
    CHECK(holds(open("/app/hello.txt", flags), "hello\n"));
    CHECK(holds(open("/app/dir/../link", O_RDONLY | O_CLOEXEC), "a\n"));
    FAILS(open("/app/none", O_RDONLY), ENOENT);
    FAILS(open("/app/hello.txt/", O_RDONLY), ENOTDIR);
    FAILS(open("/app/link", O_RDONLY | O_NOFOLLOW), ELOOP);
    FAILS(open("/app/new", O_WRONLY | O_CREAT, 0644), EROFS);
    FAILS(creat("/app/new", 0644), EROFS);
    for (int i = 0; i < 2; i++) {
        const struct calls *calls = tables[i];
        int fd = calls->open("/app/hello.txt", O_RDONLY);
        CHECK(fd >= 0 && calls->read(fd, text, 6) == 6 && memcmp(text, "hello\n", 6) == 0);
        CHECK(calls->close(fd) == 0);
        CHECK(calls->access("/app/run.sh", X_OK) == 0);
        DIR *stream = calls->opendir("/app/dir");
        CHECK(stream && closedir(stream) == 0);
    }
    int fd = open("/app/hello.txt", O_RDONLY), copy = dup(fd), other = dup2(fd, copy + 20), third = fcntl(fd, F_DUPFD, 9);
    CHECK(fd >= 0 && close(fd) == 0 && lseek(copy, 4, SEEK_SET) == 4 && holds(other, "o\n"));
    CHECK(close(copy) == 0 && close(third) == 0);
    writing_to_readers("/app/hello.txt");
    writing_to_readers("/app/run.sh");
}

static void attributes(void)
{
    struct stat found, other;
    CHECK(stat("/app/link", &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 2);
    CHECK(lstat("/app/link", &found) == 0 && S_ISLNK(found.st_mode) && found.st_size == 9);
    CHECK(stat("/app/dir", &found) == 0 && S_ISDIR(found.st_mode) && (found.st_mode & 0777) == 0755);
    CHECK(stat("/app/run.sh", &found) == 0 && (found.st_mode & 07777) == 0755 && found.st_nlink == 1);
    CHECK(found.st_uid == geteuid() && found.st_blksize == 4096 && found.st_ino != 0);
    int fd = open("/app/run.sh", O_RDONLY);
    CHECK(fstat(fd, &other) == 0 && other.st_ino == found.st_ino && other.st_dev == found.st_dev);
    CHECK(other.st_mode == found.st_mode && other.st_size == found.st_size && other.st_mtime == found.st_mtime);
    CHECK(close(fd) == 0);
    FAILS(stat("/app/none", &found), ENOENT);
    FAILS(lstat("/app/hello.txt/x", &found), ENOTDIR);
#ifdef STATX_BASIC_STATS
    struct statx extended;
    CHECK(statx(AT_FDCWD, "/app/run.sh", 0, STATX_BASIC_STATS, &extended) == 0);
    CHECK(extended.stx_mode == found.st_mode && extended.stx_ino == other.st_ino && extended.stx_size == 41);
    CHECK(statx(AT_FDCWD, "real.txt", 0, STATX_BASIC_STATS, &extended) == 0 && extended.stx_size == 5);
#endif
    CHECK(access("/app/hello.txt", R_OK) == 0 && faccessat(AT_FDCWD, "/app/dir", X_OK, 0) == 0);
    FAILS(access("/app/hello.txt", W_OK), EROFS);
    FAILS(access("/app/hello.txt", X_OK), EACCES);
    volatile size_t size = sizeof text;
    memset(text, 0, sizeof text);
    CHECK(readlink("/app/link", text, sizeof text) == 9 && strcmp(text, "dir/a.txt") == 0);
    CHECK(readlinkat(AT_FDCWD, "/app/link", text, size) == 9);
    CHECK(readlink("/app/link", text, size) == 9);
    FAILS(readlink("/app/dir", text, sizeof text), EINVAL);
    CHECK(realpath("/app/./dir/../link", text) == text && strcmp(text, "/app/dir/a.txt") == 0);
    char *path = realpath("/app/link", NULL);
    CHECK(path && strcmp(path, "/app/dir/a.txt") == 0);
    free(path);
}

static void streams(void)
{
    FILE *file = fopen("/app/hello.txt", "r");
    CHECK(file && fgets(text, 100, file) == text && strcmp(text, "hello\n") == 0);
    CHECK(file && (file = freopen("/app/link", "re", file)) && fgets(text, 100, file) && strcmp(text, "a\n") == 0);
    CHECK(file && (file = freopen("real.txt", "r", file)) && fgets(text, 100, file) && strcmp(text, "real\n") == 0);
    CHECK(file && fclose(file) == 0);
    CHECK(!fopen("/app/none", "r") && errno == ENOENT);
    CHECK(!fopen("/app/hello.txt", "w") && errno == EROFS);
}

/* Reads all names, sorted, with spaces between them. */
static const char *names(DIR *stream)
{
    static char all[256];
    char name[16][32];
    int count = 0;
    struct dirent *entry;
    while (stream && count < 16 && (entry = readdir(stream))) {
        if (entry->d_name[0] != '.')
            snprintf(name[count++], sizeof name[0], "%.29s%s", entry->d_name, entry->d_type == DT_DIR ? "/" : "");
    }
    qsort(name, count, sizeof name[0], (int (*)(const void *, const void *))strcmp);
    all[0] = 0;
    for (int i = 0; i < count; i++)
        strcat(strcat(all, i ? " " : ""), name[i]);
    return all;
}

static void directories(void)
{
    DIR *stream = opendir("/app");
    CHECK(strcmp(names(stream), "answer.so changed/ dir/ hello.txt link run.sh") == 0);
    rewinddir(stream);
    readdir(stream);
    readdir(stream);
    readdir(stream);
    long position = telldir(stream);
    struct dirent *entry = readdir(stream);
    char fourth[32] = "";
    snprintf(fourth, sizeof fourth, "%s", entry ? entry->d_name : "");
    while (readdir(stream)) {
    }
    seekdir(stream, position);
    CHECK((entry = readdir(stream)) && strcmp(entry->d_name, fourth) == 0 && entry->d_ino != 0);
    CHECK(closedir(stream) == 0);

    int fd = open("/app/dir", O_RDONLY | O_DIRECTORY);
    CHECK(holds(openat(fd, "a.txt", O_RDONLY), "a\n"));
    CHECK(holds(openat(fd, "../hello.txt", O_RDONLY), "hello\n"));
    struct stat found;
    CHECK(fstatat(fd, "b.txt", &found, 0) == 0 && found.st_size == 3);
    CHECK(fstat(fd, &found) == 0 && S_ISDIR(found.st_mode));
    int copy = dup(fd);
    CHECK(faccessat(copy, "b.txt", R_OK, 0) == 0 && close(copy) == 0);
    stream = fdopendir(fd);
    CHECK(strcmp(names(stream), "a.txt b.txt") == 0 && dirfd(stream) == fd);
    CHECK(closedir(stream) == 0);
    FAILS(open("/app/hello.txt", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK(!opendir("/app/hello.txt") && errno == ENOTDIR);

    char before[PATH_MAX], now[PATH_MAX];
    CHECK(getcwd(before, sizeof before) == before && before[0] == '/');
    CHECK(chdir("/app/dir") == 0 && getcwd(now, sizeof now) && strcmp(now, "/app/dir") == 0);
    CHECK(holds(open("b.txt", O_RDONLY), "bb\n") && holds(open("../link", O_RDONLY), "a\n"));
    CHECK(chdir("..") == 0 && stat("run.sh", &found) == 0 && access("dir", X_OK) == 0);
    volatile size_t size = sizeof now;
    CHECK(getcwd(now, size) && strcmp(now, "/app") == 0);
    CHECK(chdir(before) == 0 && getcwd(now, sizeof now) && strcmp(now, before) == 0);
}

static int put(const char *path, const char *contents, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | flags, 0640);
    return fd >= 0 && write(fd, contents, strlen(contents)) == (ssize_t)strlen(contents) && close(fd) == 0;
}

static void changes(void)
{
    struct stat found;
    CHECK(put("/app/changed/new.txt", "new\n", O_EXCL) && holds(open("/app/changed/new.txt", O_RDONLY), "new\n"));
    FAILS(open("/app/changed/new.txt", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
    CHECK(put("/app/changed/hello.txt", "again\n", O_APPEND));
    CHECK(holds(open("/app/changed/hello.txt", O_RDONLY), "hello\nagain\n"));
    CHECK(holds(open("/app/hello.txt", O_RDONLY), "hello\n"));
    CHECK(mkdir("/app/changed/made", 0755) == 0 && stat("/app/changed/made", &found) == 0 && S_ISDIR(found.st_mode));
    CHECK(rename("/app/changed/new.txt", "/app/changed/made/moved.txt") == 0);
    FAILS(access("/app/changed/new.txt", F_OK), ENOENT);
    FAILS(rmdir("/app/changed/made"), ENOTEMPTY);
    CHECK(symlink("made/moved.txt", "/app/changed/short") == 0);
    CHECK(holds(open("/app/changed/short", O_RDONLY), "new\n"));
    CHECK(unlink("/app/changed/dir/a.txt") == 0);
    DIR *stream = opendir("/app/changed/dir");
    CHECK(strcmp(names(stream), "b.txt") == 0 && closedir(stream) == 0);
    CHECK(chmod("/app/changed/run.sh", 0700) == 0 && stat("/app/changed/run.sh", &found) == 0);
    CHECK((found.st_mode & 0777) == 0700);
    FILE *file = fopen("/app/changed/log", "a");
    CHECK(file && fputs("line\n", file) >= 0 && fclose(file) == 0);
    CHECK(holds(open("/app/changed/log", O_RDONLY), "line\n"));
    CHECK(truncate("/app/changed/log", 2) == 0 && stat("/app/changed/log", &found) == 0 && found.st_size == 2);
    FAILS(mkdir("/app/made", 0755), EROFS);
    FAILS(unlink("/app/hello.txt"), EROFS);
    FAILS(rename("/app/hello.txt", "here.txt"), EXDEV);
}

static int status_of(const char *program)
{
    char *const arguments[] = { (char *)program, (char *)"argument", NULL };
    char *const environment[] = { NULL };
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        /* The child still sees the mount, which its own descriptors lead into. */
        if (holds(open("/app/hello.txt", O_RDONLY), "hello\n"))
            execve(program, arguments, environment);
        _exit(99);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void programs(void)
{
    CHECK(status_of("/app/run.sh") == 7);
    CHECK(status_of("/app/hello.txt") == 99);
    void *library = dlopen("/app/answer.so", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        printf("%s\n", dlerror());
    int (*answer)(void) = library ? (int (*)(void))dlsym(library, "answer") : NULL;
    CHECK(answer && answer() == 42);
    CHECK(library && dlclose(library) == 0);
    CHECK(!dlopen("/app/none.so", RTLD_NOW) && dlerror());
}

static void real_files(void)
{
    struct stat found;
    CHECK(put("real.txt", "real\n", O_TRUNC) && holds(open("real.txt", O_RDONLY), "real\n"));
    writing_to_readers("real.txt");
    CHECK(stat("real.txt", &found) == 0 && S_ISREG(found.st_mode) && found.st_size == 5);
    CHECK(mkdir("real", 0755) == 0 && rename("real", "moved") == 0 && rmdir("moved") == 0);
    CHECK(symlink("/app/dir", "in") == 0 && holds(open("in/b.txt", O_RDONLY), "bb\n") && unlink("in") == 0);
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(holds(openat(fd, "real.txt", O_RDONLY), "real\n") && holds(openat(fd, "/app/link", O_RDONLY), "a\n"));
    CHECK(close(fd) == 0);
    FAILS(close(fd), EBADF);
    FAILS(stat("none", &found), ENOENT);
}

/* How many checks failed. */
int uses(void)
{
    real_files();
    reading();
    attributes();
    streams();
    directories();
    changes();
    programs();
    return failures;
}
