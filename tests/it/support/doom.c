/* Runs a program and ends it with SIGKILL just before its K-th step; with K = 0 it only counts.
 *
 *     doom LOG K PROGRAM ARGUMENTS…
 *
 * A step is a system call that makes something durable or visible in the file system. Each step that
 * was seen is a line of LOG: the call, and the file where it has one. Library calls cannot be
 * interposed for this: the program also calls the kernel directly.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/ptrace.h>

/* What the first arguments of a call are. */
enum kind { NONE, OF_FD, OF_PATH, OPEN_AT, OPEN };

struct step {
  long number;
  const char *name;
  enum kind kind;
};

static const struct step steps[] = {
    {SYS_write, "write", OF_FD},
    {SYS_pwrite64, "pwrite", OF_FD},
    {SYS_writev, "writev", OF_FD},
    {SYS_pwritev, "pwritev", OF_FD},
    {SYS_fsync, "fsync", OF_FD},
    {SYS_fdatasync, "fdatasync", OF_FD},
    {SYS_ftruncate, "ftruncate", OF_FD},
    {SYS_fallocate, "fallocate", OF_FD},
    {SYS_fchmod, "fchmod", OF_FD},
    {SYS_fchown, "fchown", OF_FD},
    {SYS_renameat2, "rename", OF_PATH},
    {SYS_linkat, "link", OF_PATH},
    {SYS_unlinkat, "unlink", OF_PATH},
    {SYS_mkdirat, "mkdir", OF_PATH},
    {SYS_symlinkat, "symlink", OF_PATH},
    {SYS_openat, "create", OPEN_AT},
#ifdef SYS_renameat
    {SYS_renameat, "rename", OF_PATH},
#endif
#ifdef SYS_rename
    {SYS_rename, "rename", OF_PATH},
    {SYS_link, "link", OF_PATH},
    {SYS_unlink, "unlink", OF_PATH},
    {SYS_rmdir, "rmdir", OF_PATH},
    {SYS_mkdir, "mkdir", OF_PATH},
    {SYS_chmod, "chmod", OF_PATH},
    {SYS_open, "create", OPEN},
#endif
};

/* The name of an open file; 0 for a pipe, a socket, a terminal or another thing without one. */
static int file_of(pid_t pid, unsigned long fd, char *name, size_t room) {
  char link[64];
  snprintf(link, sizeof link, "/proc/%d/fd/%lu", pid, fd);
  ssize_t length = readlink(link, name, room - 1);
  if (length < 0) {
    /* the program hides itself from others: what is no standard stream may be a file */
    snprintf(name, room, "?");
    return fd > 2;
  }
  name[length] = 0;
  return name[0] == '/' && strncmp(name, "/dev/", 5) != 0;
}

/* Whether this call is a step. */
static int is_step(pid_t pid, const struct __ptrace_syscall_info *info, FILE *log) {
  char name[4096] = "";
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    const struct step *step = &steps[i];
    if ((unsigned long)step->number != info->entry.nr)
      continue;
    if (step->kind == OF_FD && !file_of(pid, info->entry.args[0], name, sizeof name))
      return 0;
    if (step->kind == OPEN_AT && !(info->entry.args[2] & O_CREAT))
      return 0;
    if (step->kind == OPEN && !(info->entry.args[1] & O_CREAT))
      return 0;
    fprintf(log, "%s %s\n", step->name, name);
    return 1;
  }
  return 0;
}

static void fail(const char *what) {
  fprintf(stderr, "doom: %s: %s\n", what, strerror(errno));
  exit(99);
}

int main(int count, char **words) {
  if (count < 4)
    return 98;
  FILE *log = fopen(words[1], "we");
  if (!log)
    fail(words[1]);
  long last = atol(words[2]), seen = 0;
  pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
      _exit(97);
    raise(SIGSTOP);
    execv(words[3], words + 3);
    _exit(96);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) < 0)
    fail("fork");
  if (WIFEXITED(status))
    return WEXITSTATUS(status);
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SETOPTIONS, child, 0, options) != 0)
    return 97;
  ptrace(PTRACE_SYSCALL, child, 0, 0);
  for (;;) {
    pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0)
      fail("wait");
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (pid != child)
        continue;
      fclose(log);
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) {
      struct __ptrace_syscall_info info;
      if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0)
        return 97;
      if (info.op == PTRACE_SYSCALL_INFO_ENTRY && is_step(pid, &info, log) && ++seen == last) {
        /* before it is let go: the call does not happen any more */
        kill(child, SIGKILL);
        continue;
      }
      signal = 0;
    } else if (signal == SIGSTOP || status >> 16 != 0 || signal == SIGTRAP) {
      /* a new thread, or the program's own start */
      signal = 0;
    }
    ptrace(PTRACE_SYSCALL, pid, 0, signal);
  }
}
