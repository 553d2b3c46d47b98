/**
 * The k-th file operation fails. Loaded into a program (LD_PRELOAD), it counts what the program changes under the folder
 * FAULT_FOLDER: files made, written, synced, renamed and removed, folders made and synced. The FAULT_AT-th fails
 * with the error FAULT_ERROR, a number; a negative one writes half before it fails. FAULT_LOG gets a line for each.
 *
 *   cc -shared -fPIC -o faults.so faults.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MOST = 4096 };
/** What is behind a number: nothing of ours, something opened, a file that was made. */
enum { OTHER, OPENED, MADE };
static char opened[MOST];
static int count;

static int ours(const char *path) {
  const char *folder = getenv("FAULT_FOLDER");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

/** Counts one more; does it fail? The error is then in errno. */
static int fails(const char *what) {
  int number = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
  const char *log = getenv("FAULT_LOG");
  if (log) {
    char line[64];
    int length = snprintf(line, sizeof line, "%s\n", what);
    int (*open_)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    ssize_t (*write_)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    int (*close_)(int) = dlsym(RTLD_NEXT, "close");
    int file = open_(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (write_(file, line, length) != length) abort();
    close_(file);
  }
  const char *at = getenv("FAULT_AT"), *error = getenv("FAULT_ERROR");
  if (!at || atoi(at) != number) return 0;
  errno = abs(atoi(error ? error : "5"));
  return 1;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)

static int note(int file, const char *path, int flags) {
  if (file >= 0 && file < MOST) opened[file] = !ours(path) ? OTHER : flags & O_CREAT ? MADE : OPENED;
  return file;
}
#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    va_list more; \
    va_start(more, flags); \
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
    va_end(more); \
    if (flags & O_CREAT && ours(path) && fails("open")) return -1; \
    return note(real(path, flags, mode), path, flags); \
  }
OPEN(open)
OPEN(open64)

static int is(int file, int least) { return file >= 0 && file < MOST && opened[file] >= least; }

ssize_t write(int file, const void *bytes, size_t length) {
  REAL(write);
  if (!is(file, MADE) || !fails("write")) return real(file, bytes, length);
  int error = errno;
  if (atoi(getenv("FAULT_ERROR")) < 0 && real(file, bytes, length / 2) < 0) abort();
  errno = error;
  return -1;
}
int fsync(int file) {
  REAL(fsync);
  return is(file, OPENED) && fails("fsync") ? -1 : real(file);
}
int rename(const char *from, const char *to) {
  REAL(rename);
  return ours(to) && fails("rename") ? -1 : real(from, to);
}
int unlink(const char *path) {
  REAL(unlink);
  return ours(path) && fails("unlink") ? -1 : real(path);
}
int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  return ours(path) && fails("mkdir") ? -1 : real(path, mode);
}
char *mkdtemp(char *template) {
  REAL(mkdtemp);
  return ours(template) && fails("mkdtemp") ? NULL : real(template);
}
