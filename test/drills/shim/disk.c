/*
 * A disk and a clock under the control of a drill, for one unprivileged process: loaded with LD_PRELOAD, it stands
 * between the program and libc. It does three things, each only when its variable is set:
 *
 *   DRILL_RECORD   file: every change below DRILL_ROOT, and every sync, is written there in order, so that
 *                  `recording.ts` can build the directory that a loss of power would have left. A sync returns at once:
 *                  what is durable is decided by the recording, not by the device.
 *   DRILL_CONTROL  file of three signed 64-bit numbers, mapped, so that the drill can turn them while the program runs:
 *                  nanoseconds added to the wall clock; bytes that may still be written below DRILL_ROOT (-1 any number);
 *                  free bytes that statfs reports (-1 the truth).
 *
 * S1. A change and its record are made under one lock: the record has the order in which things happened.
 * S2. A record is written after its change and before the call returns. So a change that is missing in the recording was
 *     not acknowledged to anybody, and losing it is allowed.
 * S3. What the recording cannot represent (shared writable maps, links, copies inside the kernel) is recorded as
 *     "unmodelled", and the drill fails.
 *
 * stdio streams below DRILL_ROOT write through without a buffer. LevelDB writes its files with them.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* libc has it as a macro, too. */
#undef fwrite_unlocked

#define REAL(type, name, ...)                                            \
  static type (*real_##name)(__VA_ARGS__);                               \
  if (real_##name == NULL) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)

enum { CREATE = 1, WRITE = 2, TRUNCATE = 3, SYNC = 4, RENAME = 5, UNLINK = 6, MKDIR = 7, RMDIR = 8, UNMODELLED = 9 };

struct record {
  uint32_t kind, path_length;
  uint64_t inode, offset;
  uint32_t data_length, reserved;
};

struct control {
  volatile int64_t clock_offset_ns, budget_bytes, free_bytes;
};

#define FDS_MAX 65536
/* Inode behind a descriptor of a file or folder below the root; 0: none of ours. */
static uint64_t watched[FDS_MAX];
static char root[PATH_MAX];
static size_t root_length;
static int record_fd = -1;
static struct control *control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int plain_open(const char *path, int flags, mode_t mode) {
  REAL(int, open64, const char *, int, ...);
  return real_open64(path, flags, mode);
}

static ssize_t plain_write(int fd, const void *data, size_t length) {
  REAL(ssize_t, write, int, const void *, size_t);
  return real_write(fd, data, length);
}

static void die(const char *why) {
  const char *head = "drill shim: ";
  plain_write(2, head, strlen(head));
  plain_write(2, why, strlen(why));
  plain_write(2, "\n", 1);
  abort();
}

static void set_up(void) {
  const char *folder = getenv("DRILL_ROOT");
  const char *record = getenv("DRILL_RECORD");
  const char *steering = getenv("DRILL_CONTROL");
  if (folder != NULL && realpath(folder, root) != NULL) root_length = strlen(root);
  if (record != NULL && root_length > 0) {
    record_fd = plain_open(record, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (record_fd < 0) die("the recording cannot be opened");
  }
  if (steering != NULL) {
    REAL(void *, mmap64, void *, size_t, int, int, int, off64_t);
    int fd = plain_open(steering, O_RDWR | O_CLOEXEC, 0);
    if (fd < 0) die("the control file cannot be opened");
    void *map = real_mmap64(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) die("the control file cannot be mapped");
    control = map;
  }
}

static void ready(void) { pthread_once(&once, set_up); }

static int is_ours(const char *path) {
  ready();
  return root_length > 0 && path != NULL && strncmp(path, root, root_length) == 0 &&
         (path[root_length] == '/' || path[root_length] == '\0');
}

static void append(uint32_t kind, uint64_t inode, uint64_t offset, const char *path, const void *data, size_t length) {
  if (record_fd < 0) return;
  size_t path_length = path == NULL ? 0 : strlen(path) + 1;
  struct record head = {kind, (uint32_t)path_length, inode, offset, (uint32_t)length, 0};
  size_t size = sizeof head + path_length + length;
  char *text = malloc(size);
  if (text == NULL) die("no memory");
  memcpy(text, &head, sizeof head);
  if (path_length > 0) memcpy(text + sizeof head, path, path_length);
  if (length > 0) memcpy(text + sizeof head + path_length, data, length);
  if (plain_write(record_fd, text, size) != (ssize_t)size) die("the recording cannot be written");
  free(text);
}

static void append_pair(uint32_t kind, const char *from, const char *to) { append(kind, 0, 0, from, to, strlen(to)); }

/* The inode of a watched descriptor, 0 when it is none any more: descriptors are used again by sockets and others. */
static uint64_t inode_of(int fd) {
  if (fd < 0 || fd >= FDS_MAX || watched[fd] == 0) return 0;
  struct stat64 now;
  if (fstat64(fd, &now) == 0 && now.st_ino == watched[fd]) return now.st_ino;
  watched[fd] = 0;
  return 0;
}

static void watch(int fd) {
  struct stat64 now;
  if (fd < 0) return;
  if (fd >= FDS_MAX) die("too many descriptors");
  if (fstat64(fd, &now) == 0) watched[fd] = now.st_ino;
}

static int open_ours(const char *path, int flags, mode_t mode) {
  struct stat64 before;
  pthread_mutex_lock(&lock);
  int existed = stat64(path, &before) == 0;
  int fd = plain_open(path, flags, mode);
  int error = errno;
  if (fd >= 0) {
    watch(fd);
    if ((flags & O_TMPFILE) == O_TMPFILE) append(UNMODELLED, 0, 0, "O_TMPFILE", NULL, 0);
    if (!existed) append(CREATE, watched[fd], 0, path, NULL, 0);
    else if ((flags & O_TRUNC) != 0) append(TRUNCATE, watched[fd], 0, NULL, NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return fd;
}

static mode_t mode_of(int flags, va_list rest) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(rest, mode_t) : 0;
}

#define DEFINE_OPEN(name)                                       \
  int name(const char *path, int flags, ...) {                  \
    REAL(int, name, const char *, int, ...);                    \
    va_list rest;                                               \
    va_start(rest, flags);                                      \
    mode_t mode = mode_of(flags, rest);                         \
    va_end(rest);                                               \
    if (is_ours(path)) return open_ours(path, flags, mode);     \
    return real_##name(path, flags, mode);                      \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

#define DEFINE_OPENAT(name)                                                       \
  int name(int at, const char *path, int flags, ...) {                            \
    REAL(int, name, int, const char *, int, ...);                                 \
    va_list rest;                                                                 \
    va_start(rest, flags);                                                        \
    mode_t mode = mode_of(flags, rest);                                           \
    va_end(rest);                                                                 \
    if (is_ours(path)) return open_ours(path, flags, mode);                       \
    return real_##name(at, path, flags, mode);                                    \
  }
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

static FILE *stream_of(const char *path, const char *mode) {
  int update = strchr(mode, '+') != NULL;
  int flags = mode[0] == 'r' ? (update ? O_RDWR : O_RDONLY)
                             : (update ? O_RDWR : O_WRONLY) | O_CREAT | (mode[0] == 'a' ? O_APPEND : O_TRUNC);
  int fd = open_ours(path, flags | O_CLOEXEC, 0666);
  return fd < 0 ? NULL : fdopen(fd, mode);
}

#define DEFINE_FOPEN(name)                                      \
  FILE *name(const char *path, const char *mode) {              \
    REAL(FILE *, name, const char *, const char *);             \
    return is_ours(path) ? stream_of(path, mode) : real_##name(path, mode); \
  }
DEFINE_FOPEN(fopen)
DEFINE_FOPEN(fopen64)

/* How much of `length` the budget allows; -1 with ENOSPC when nothing. To be called under the lock. */
static ssize_t allowed(size_t length) {
  if (control == NULL || control->budget_bytes < 0 || length == 0) return (ssize_t)length;
  int64_t left = control->budget_bytes;
  if (left == 0) {
    errno = ENOSPC;
    return -1;
  }
  int64_t taken = left < (int64_t)length ? left : (int64_t)length;
  control->budget_bytes = left - taken;
  return (ssize_t)taken;
}

/* `at` < 0: where the descriptor stands. */
static ssize_t write_ours(int fd, uint64_t inode, const void *data, size_t length, off64_t at) {
  REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
  pthread_mutex_lock(&lock);
  ssize_t fits = allowed(length);
  ssize_t written = fits;
  if (fits >= 0) {
    off64_t where = at;
    if (at < 0) {
      int flags = fcntl(fd, F_GETFL);
      struct stat64 now;
      where = (flags & O_APPEND) != 0 && fstat64(fd, &now) == 0 ? now.st_size : lseek64(fd, 0, SEEK_CUR);
    }
    written = at < 0 ? plain_write(fd, data, (size_t)fits) : real_pwrite64(fd, data, (size_t)fits, at);
    if (written > 0) append(WRITE, inode, (uint64_t)where, NULL, data, (size_t)written);
  }
  int error = errno;
  pthread_mutex_unlock(&lock);
  errno = error;
  return written;
}

ssize_t write(int fd, const void *data, size_t length) {
  uint64_t inode = inode_of(fd);
  return inode == 0 ? plain_write(fd, data, length) : write_ours(fd, inode, data, length, -1);
}

#define DEFINE_PWRITE(name)                                                        \
  ssize_t name(int fd, const void *data, size_t length, off64_t at) {              \
    REAL(ssize_t, name, int, const void *, size_t, off64_t);                       \
    uint64_t inode = inode_of(fd);                                                 \
    return inode == 0 ? real_##name(fd, data, length, at) : write_ours(fd, inode, data, length, at); \
  }
DEFINE_PWRITE(pwrite)
DEFINE_PWRITE(pwrite64)

static ssize_t write_parts(int fd, uint64_t inode, const struct iovec *parts, int count, off64_t at) {
  ssize_t sum = 0;
  for (int part = 0; part < count; part += 1) {
    ssize_t written = write_ours(fd, inode, parts[part].iov_base, parts[part].iov_len, at < 0 ? at : at + sum);
    if (written < 0) return sum > 0 ? sum : written;
    sum += written;
    if ((size_t)written < parts[part].iov_len) break;
  }
  return sum;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, writev, int, const struct iovec *, int);
  uint64_t inode = inode_of(fd);
  return inode == 0 ? real_writev(fd, parts, count) : write_parts(fd, inode, parts, count, -1);
}

#define DEFINE_PWRITEV(name)                                                       \
  ssize_t name(int fd, const struct iovec *parts, int count, off64_t at) {         \
    REAL(ssize_t, name, int, const struct iovec *, int, off64_t);                  \
    uint64_t inode = inode_of(fd);                                                 \
    return inode == 0 ? real_##name(fd, parts, count, at) : write_parts(fd, inode, parts, count, at); \
  }
DEFINE_PWRITEV(pwritev)
DEFINE_PWRITEV(pwritev64)

#define DEFINE_FWRITE(name)                                                        \
  size_t name(const void *data, size_t size, size_t count, FILE *stream) {         \
    REAL(size_t, name, const void *, size_t, size_t, FILE *);                      \
    int fd = fileno(stream);                                                       \
    uint64_t inode = inode_of(fd);                                                 \
    if (inode == 0 || size == 0) return real_##name(data, size, count, stream);    \
    size_t done = 0;                                                               \
    while (done < size * count) {                                                  \
      ssize_t written = write_ours(fd, inode, (const char *)data + done, size * count - done, -1); \
      if (written < 0) return done / size;                                         \
      done += (size_t)written;                                                     \
    }                                                                              \
    return count;                                                                  \
  }
DEFINE_FWRITE(fwrite)
DEFINE_FWRITE(fwrite_unlocked)

#define DEFINE_SYNC(name)                                                          \
  int name(int fd) {                                                               \
    REAL(int, name, int);                                                          \
    uint64_t inode = inode_of(fd);                                                 \
    if (inode == 0 || record_fd < 0) return real_##name(fd);                       \
    pthread_mutex_lock(&lock);                                                     \
    append(SYNC, inode, 0, NULL, NULL, 0);                                         \
    pthread_mutex_unlock(&lock);                                                   \
    return 0;                                                                      \
  }
DEFINE_SYNC(fsync)
DEFINE_SYNC(fdatasync)

#define DEFINE_FTRUNCATE(name)                                                     \
  int name(int fd, off64_t length) {                                               \
    REAL(int, name, int, off64_t);                                                 \
    uint64_t inode = inode_of(fd);                                                 \
    if (inode == 0) return real_##name(fd, length);                                \
    pthread_mutex_lock(&lock);                                                     \
    int result = real_##name(fd, length);                                          \
    int error = errno;                                                             \
    if (result == 0) append(TRUNCATE, inode, (uint64_t)length, NULL, NULL, 0);     \
    pthread_mutex_unlock(&lock);                                                   \
    errno = error;                                                                 \
    return result;                                                                 \
  }
DEFINE_FTRUNCATE(ftruncate)
DEFINE_FTRUNCATE(ftruncate64)

int close(int fd) {
  REAL(int, close, int);
  if (fd >= 0 && fd < FDS_MAX) watched[fd] = 0;
  return real_close(fd);
}

int fclose(FILE *stream) {
  REAL(int, fclose, FILE *);
  int fd = fileno(stream);
  if (fd >= 0 && fd < FDS_MAX) watched[fd] = 0;
  return real_fclose(stream);
}

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  if (!is_ours(from) && !is_ours(to)) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  int result = real_rename(from, to);
  int error = errno;
  if (result == 0) append_pair(RENAME, from, to);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

/* Calls of one path that change a folder. */
#define DEFINE_ENTRY(name, kind)                                                   \
  int name(const char *path) {                                                     \
    REAL(int, name, const char *);                                                 \
    if (!is_ours(path)) return real_##name(path);                                  \
    pthread_mutex_lock(&lock);                                                     \
    int result = real_##name(path);                                                \
    int error = errno;                                                             \
    if (result == 0) append(kind, 0, 0, path, NULL, 0);                            \
    pthread_mutex_unlock(&lock);                                                   \
    errno = error;                                                                 \
    return result;                                                                 \
  }
DEFINE_ENTRY(unlink, UNLINK)
DEFINE_ENTRY(rmdir, RMDIR)
DEFINE_ENTRY(remove, UNLINK)

int unlinkat(int at, const char *path, int flags) {
  REAL(int, unlinkat, int, const char *, int);
  if (is_ours(path)) append(UNMODELLED, 0, 0, "unlinkat", NULL, 0);
  return real_unlinkat(at, path, flags);
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  if (!is_ours(path)) return real_mkdir(path, mode);
  pthread_mutex_lock(&lock);
  int result = real_mkdir(path, mode);
  int error = errno;
  struct stat64 made;
  if (result == 0 && stat64(path, &made) == 0) append(MKDIR, made.st_ino, 0, path, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return result;
}

/* Calls that the recording cannot represent. */
#define DEFINE_TWO_PATHS(name)                                                     \
  int name(const char *from, const char *to) {                                     \
    REAL(int, name, const char *, const char *);                                   \
    if (is_ours(to)) append(UNMODELLED, 0, 0, #name, NULL, 0);                     \
    return real_##name(from, to);                                                  \
  }
DEFINE_TWO_PATHS(link)
DEFINE_TWO_PATHS(symlink)

int truncate(const char *path, off64_t length) {
  REAL(int, truncate, const char *, off64_t);
  if (is_ours(path)) append(UNMODELLED, 0, 0, "truncate", NULL, 0);
  return real_truncate(path, length);
}

#define DEFINE_SENDFILE(name)                                                      \
  ssize_t name(int to, int from, off64_t *offset, size_t count) {                  \
    REAL(ssize_t, name, int, int, off64_t *, size_t);                              \
    if (inode_of(to) != 0) append(UNMODELLED, 0, 0, #name, NULL, 0);               \
    return real_##name(to, from, offset, count);                                   \
  }
DEFINE_SENDFILE(sendfile)
DEFINE_SENDFILE(sendfile64)

#define DEFINE_MMAP(name)                                                          \
  void *name(void *where, size_t length, int protection, int flags, int fd, off64_t offset) { \
    REAL(void *, name, void *, size_t, int, int, int, off64_t);                    \
    int shared = (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0;      \
    if (shared && inode_of(fd) != 0) append(UNMODELLED, 0, 0, #name, NULL, 0);     \
    return real_##name(where, length, protection, flags, fd, offset);              \
  }
DEFINE_MMAP(mmap)
DEFINE_MMAP(mmap64)

#define DEFINE_STATFS(name, kind)                                                  \
  int name(const char *path, struct kind *result) {                                \
    REAL(int, name, const char *, struct kind *);                                  \
    int code = real_##name(path, result);                                          \
    if (code == 0 && is_ours(path) && control != NULL && control->free_bytes >= 0) \
      result->f_bavail = (uint64_t)control->free_bytes / (uint64_t)result->f_bsize; \
    return code;                                                                   \
  }
DEFINE_STATFS(statfs, statfs)
DEFINE_STATFS(statfs64, statfs64)

static int64_t offset_ns(void) {
  ready();
  return control == NULL ? 0 : control->clock_offset_ns;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(int, clock_gettime, clockid_t, struct timespec *);
  int result = real_clock_gettime(clock, now);
  if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
  int64_t moved = (int64_t)now->tv_sec * 1000000000 + now->tv_nsec + offset_ns();
  now->tv_sec = moved / 1000000000;
  now->tv_nsec = moved % 1000000000;
  return result;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec moved;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &moved) != 0) return -1;
  now->tv_sec = moved.tv_sec;
  now->tv_usec = moved.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *result) {
  struct timespec moved;
  clock_gettime(CLOCK_REALTIME, &moved);
  if (result != NULL) *result = moved.tv_sec;
  return moved.tv_sec;
}
