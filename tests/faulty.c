/* A library to preload that lets one call of the system fail: the n-th that touches what lies below a folder.

   Everything in the process goes through it: Python, Arrow, DuckDB and SQLite. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[4096];
static atomic_long calls, fails_at;
static int fails_with;
#define MOST 100000
static const char *names[MOST];
static const char *failed_call = "";

/* An errno of 0 makes a write a short one. */
void faulty_arm(const char *below, long at, int with) {
    snprintf(folder, sizeof folder, "%s", below);
    fails_with = with;
    failed_call = "";
    atomic_store(&calls, 0);
    atomic_store(&fails_at, at);
}

long faulty_calls(void) { return atomic_load(&calls); }
const char *faulty_name(long number) { return number < MOST && names[number] ? names[number] : ""; }
const char *faulty_call(void) { return failed_call; }

static int is_below(const char *path) {
    return folder[0] && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_of(int descriptor) {
    char link[64], path[4096];
    if (!folder[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int fails(const char *call) {
    long number = atomic_fetch_add(&calls, 1);
    if (number < MOST) names[number] = call;
    if (number + 1 != atomic_load(&fails_at)) return 0;
    failed_call = call;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define FAIL(call) \
    do { if (fails(call) && fails_with) { errno = fails_with; return -1; } } while (0)

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, name, const char *, int, mode_t); \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        if (is_below(path)) FAIL(flags & O_CREAT ? "create" : "open"); \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name) \
    int name(int at, const char *path, int flags, ...) { \
        REAL(int, name, int, const char *, int, mode_t); \
        va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        if (is_below(path)) FAIL(flags & O_CREAT ? "create" : "open"); \
        return real(at, path, flags, mode); \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int descriptor, const void *from, size_t length) {
    REAL(ssize_t, write, int, const void *, size_t);
    if (is_of(descriptor) && fails("write")) {
        if (fails_with) { errno = fails_with; return -1; }
        length = (length + 1) / 2;
    }
    return real(descriptor, from, length);
}

#define PWRITE(name, offset) \
    ssize_t name(int descriptor, const void *from, size_t length, offset at) { \
        REAL(ssize_t, name, int, const void *, size_t, offset); \
        if (is_of(descriptor) && fails("pwrite")) { \
            if (fails_with) { errno = fails_with; return -1; } \
            length = (length + 1) / 2; \
        } \
        return real(descriptor, from, length, at); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define PREAD(name, offset) \
    ssize_t name(int descriptor, void *to, size_t length, offset at) { \
        REAL(ssize_t, name, int, void *, size_t, offset); \
        if (is_of(descriptor)) FAIL("pread"); \
        return real(descriptor, to, length, at); \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

ssize_t read(int descriptor, void *to, size_t length) {
    REAL(ssize_t, read, int, void *, size_t);
    if (is_of(descriptor)) FAIL("read");
    return real(descriptor, to, length);
}

#define SYNC(name) \
    int name(int descriptor) { \
        REAL(int, name, int); \
        if (is_of(descriptor)) FAIL("fsync"); \
        return real(descriptor); \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, offset) \
    int name(int descriptor, offset length) { \
        REAL(int, name, int, offset); \
        if (is_of(descriptor)) FAIL("ftruncate"); \
        return real(descriptor, length); \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int link(const char *from, const char *to) {
    REAL(int, link, const char *, const char *);
    if (is_below(to)) FAIL("link");
    return real(from, to);
}
int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(int, linkat, int, const char *, int, const char *, int);
    if (is_below(to)) FAIL("link");
    return real(a, from, b, to, flags);
}
int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    if (is_below(to)) FAIL("rename");
    return real(from, to);
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, renameat, int, const char *, int, const char *);
    if (is_below(to)) FAIL("rename");
    return real(a, from, b, to);
}
int unlink(const char *path) {
    REAL(int, unlink, const char *);
    if (is_below(path)) FAIL("unlink");
    return real(path);
}
int unlinkat(int at, const char *path, int flags) {
    REAL(int, unlinkat, int, const char *, int);
    if (is_below(path)) FAIL("unlink");
    return real(at, path, flags);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    if (is_below(path)) FAIL("mkdir");
    return real(path, mode);
}
