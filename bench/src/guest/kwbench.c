// SPDX-License-Identifier: Apache-2.0
/*
 * kwbench: what the measurements in a guest need besides kwload. Times are nanoseconds since the epoch.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_FILES 8
#define LINE_MAX_BYTES (1 << 16)

static const char usage_text[] =
	"usage: kwbench stamp FILE...                 prints each line of FILEs with the time at which it was there:\n"
	"                                             TIME INDEX LINE; until SIGTERM\n"
	"       kwbench loads N FILE NAME MILLIS      N loads, each by a process of its own, MILLIS apart: PID ENTRY RETURN\n"
	"       kwbench storm SECONDS FILE NAME       loads and unloads as fast as it goes; prints how many loads\n";

static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static void fail(const char *what)
{
	fprintf(stderr, "kwbench: %s: %s\n", what, strerror(errno));
	exit(2);
}

static long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* One file that grows, and the line that has begun. */
struct tail {
	int fd;
	size_t used;
	char line[LINE_MAX_BYTES];
};

/* The time is taken before the read: all that is read then was there. */
static void read_more(struct tail *tail, int index)
{
	static char chunk[1 << 16];
	long long time = now();
	ssize_t n, i;

	while ((n = read(tail->fd, chunk, sizeof(chunk))) > 0) {
		for (i = 0; i < n; i++) {
			if (chunk[i] != '\n') {
				if (tail->used < LINE_MAX_BYTES)
					tail->line[tail->used++] = chunk[i];
				continue;
			}
			printf("%lld %d %.*s\n", time, index, (int)tail->used, tail->line);
			tail->used = 0;
		}
	}
}

/* Ahead of all others on its processor, so that what is measured is when a line came, not when somebody looked. */
static int do_stamp(int count, char **paths)
{
	static struct tail tails[MAX_FILES];
	struct sched_param real_time = { .sched_priority = 60 };
	struct sigaction action = { .sa_handler = end };
	int notify = inotify_init1(IN_CLOEXEC), i;
	char events[4096];

	if (notify < 0 || count > MAX_FILES)
		fail("inotify_init1");
	for (i = 0; i < count; i++) {
		tails[i].fd = open(paths[i], O_RDONLY | O_CLOEXEC);
		if (tails[i].fd < 0 || lseek(tails[i].fd, 0, SEEK_END) < 0 ||
		    inotify_add_watch(notify, paths[i], IN_MODIFY) < 0)
			fail(paths[i]);
	}
	if (sched_setscheduler(0, SCHED_FIFO, &real_time) < 0 || sigaction(SIGTERM, &action, NULL) < 0)
		fail("sched_setscheduler");
	while (!ended && read(notify, events, sizeof(events)) > 0)
		for (i = 0; i < count; i++)
			read_more(&tails[i], i);
	return fflush(stdout) ? 1 : 0;
}

static int do_loads(int count, const char *path, const char *module, int millis)
{
	int i;

	for (i = 0; i < count; i++) {
		pid_t child;
		int status;

		usleep(millis * 1000);
		child = fork();
		if (child < 0)
			fail("fork");
		if (child == 0) {
			int fd = open(path, O_RDONLY | O_CLOEXEC);
			long long entry = now(), back;

			if (syscall(SYS_finit_module, fd, "", 0) != 0)
				fail("finit_module");
			back = now();
			printf("%d %lld %lld\n", getpid(), entry, back);
			exit(0);
		}
		if (waitpid(child, &status, 0) < 0 || status != 0 || syscall(SYS_delete_module, module, O_NONBLOCK) != 0)
			fail("delete_module");
	}
	return 0;
}

static int do_storm(int seconds, const char *path, const char *module)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long long until = now() + seconds * 1000000000LL;
	long count = 0;

	do {
		if (syscall(SYS_finit_module, fd, "", 0) != 0)
			fail("finit_module");
		if (syscall(SYS_delete_module, module, O_NONBLOCK) != 0)
			fail("delete_module");
		count++;
	} while (now() < until);
	printf("%ld\n", count);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "stamp") && argc > 2)
		return do_stamp(argc - 2, argv + 2);
	if (!strcmp(verb, "loads") && argc > 5)
		return do_loads(atoi(argv[2]), argv[3], argv[4], atoi(argv[5]));
	if (!strcmp(verb, "storm") && argc > 4)
		return do_storm(atoi(argv[2]), argv[3], argv[4]);
	fputs(usage_text, stderr);
	return 2;
}
