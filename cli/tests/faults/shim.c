/* Makes one call of a process fail: preloaded, it counts the calls that change files and spoils the one it is told to.
 *
 * FAULT_KIND  enospc, eio: the call fails so; short: a write writes half; kill: the process dies before a rename; late: after it
 * FAULT_AT    which call, from 0: of writes and flushes of regular files, or of renames for kill and late
 * FAULT_HIT   a file that is made when it happens
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int counted;

static int now(void) {
    const char *at = getenv("FAULT_AT");
    if (!at || __sync_fetch_and_add(&counted, 1) != atoi(at)) return 0;
    int hit = open(getenv("FAULT_HIT"), O_CREAT | O_WRONLY, 0600);
    if (hit >= 0) close(hit);
    return 1;
}

static int kind(const char *name) {
    const char *kind = getenv("FAULT_KIND");
    return kind && !strcmp(kind, name);
}

static int regular(int fd) {
    struct stat data;
    return !fstat(fd, &data) && S_ISREG(data.st_mode);
}

static int fails(int fd) {
    if (kind("kill") || kind("late") || kind("short") || !regular(fd) || !now()) return 0;
    errno = kind("eio") ? EIO : ENOSPC;
    return 1;
}

ssize_t write(int fd, const void *from, size_t n) {
    if (fails(fd)) return -1;
    if (kind("short") && n > 1 && regular(fd) && now()) n /= 2;
    return syscall(SYS_write, fd, from, n);
}

int fsync(int fd) { return fails(fd) ? -1 : (int)syscall(SYS_fsync, fd); }

int ftruncate64(int fd, off64_t n) { return fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, n); }

int rename(const char *from, const char *to) {
    int spoilt = (kind("kill") || kind("late")) && now();
    if (spoilt && kind("kill")) raise(SIGKILL);
    int result = (int)syscall(SYS_rename, from, to);
    if (spoilt) raise(SIGKILL);
    return result;
}
