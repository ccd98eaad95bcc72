// SPDX-License-Identifier: Apache-2.0
/*
 * kwchurn: makes module work that never repeats itself, for tools/soak.sh. Each line of its output is a count.
 *
 *     kwchurn loads SECONDS PAUSE_MS FILE NAME DIR   loads and unloads FILE as fast as PAUSE_MS allows: each time under
 *                                                    another name, from another path, with other bytes. Every fifth
 *                                                    load is followed by an attempt of a new user by a program at a new
 *                                                    path, every tenth by a request for a new alias
 *     kwchurn refused SECONDS DIR                    attempts by nobody as fast as it goes, each tenth by a program with
 *                                                    another path of 3 KiB, and with 60 KB of arguments
 *     kwchurn exists SECONDS FILE                    init_module(2) of a module that is loaded, as fast as it goes
 *     kwchurn receive PORT                           answers every HTTP request on PORT with 204
 *
 * NAME is what FILE calls itself: eight characters, which are replaced by others wherever they are in FILE.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_alg.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NAME_LENGTH 8
#define NOBODY 65534
#define FIRST_USER 100000
#define ARGUMENT_COUNT 30
#define ARGUMENT_LENGTH 2000

static void die(const char *what)
{
	fprintf(stderr, "kwchurn: %s: %s\n", what, strerror(errno));
	exit(2);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static char *read_file(const char *path, size_t *size)
{
	struct stat st;
	char *bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	bytes = malloc(st.st_size);
	if (!bytes || read(fd, bytes, st.st_size) != st.st_size)
		die(path);
	close(fd);
	*size = st.st_size;
	return bytes;
}

/* A name of eight characters that is in no other place of the run. */
static void name_of(unsigned int n, char *name)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz";
	int i;

	memcpy(name, "kc", 2);
	for (i = NAME_LENGTH - 1; i >= 2; i--) {
		name[i] = digits[n % 26];
		n /= 26;
	}
}

static void rename_module(char *bytes, size_t size, const char *old, const char *new)
{
	char *at = bytes;

	while ((at = memmem(at, bytes + size - at, old, NAME_LENGTH))) {
		memcpy(at, new, NAME_LENGTH);
		at += NAME_LENGTH;
	}
}

static void write_file(const char *path, const char *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		die(path);
	close(fd);
}

/* Runs this program as uid from path, with arg; waits for it. */
static void run_as(uid_t uid, const char *path, char *const args[])
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (!child) {
		if (setgroups(0, NULL) || setgid(uid) || setuid(uid))
			_exit(2);
		execv(path, args);
		_exit(2);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status))
		fprintf(stderr, "kwchurn: %s: status %d\n", path, status);
}

/* Makes the kernel ask for the alias algif-NAME, as nobody could. */
static void ask_for(const char *name)
{
	struct sockaddr_alg address = { .salg_family = AF_ALG };
	int fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	memcpy(address.salg_type, name, NAME_LENGTH);
	memcpy(address.salg_name, name, NAME_LENGTH);
	bind(fd, (struct sockaddr *)&address, sizeof(address));
	close(fd);
}

static int loads(double seconds, int pause_ms, const char *file, const char *old, const char *dir)
{
	size_t size, self_size;
	char *bytes = read_file(file, &size), *self = read_file("/proc/self/exe", &self_size);
	char name[NAME_LENGTH + 1] = "", last[NAME_LENGTH + 1], folder[512], path[600];
	unsigned int n, done = 0, failed = 0;
	double end = now() + seconds;
	int fd;

	strcpy(last, old);
	for (n = 0; now() < end; n++) {
		name_of(n, name);
		rename_module(bytes, size, last, name);
		strcpy(last, name);
		snprintf(folder, sizeof(folder), "%s/%s-%0*u", dir, name, 20 + n % 180, n);
		snprintf(path, sizeof(path), "%s/%s.ko", folder, name);
		if (mkdir(folder, 0755))
			die(folder);
		write_file(path, bytes, size);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (!syscall(SYS_finit_module, fd, "", 0)) {
			done++;
			if (syscall(SYS_delete_module, name, 0))
				die(name);
		} else {
			failed++;
			fprintf(stderr, "kwchurn: %s: %s\n", path, strerror(errno));
		}
		close(fd);
		unlink(path);
		if (n % 5 == 4) {
			snprintf(path, sizeof(path), "%s/%s-program", folder, name);
			write_file(path, self, self_size);
			run_as(FIRST_USER + n, path, (char *[]){ path, "attempt", name, NULL });
			unlink(path);
		}
		rmdir(folder);
		if (n % 10 == 9)
			ask_for(name);
		usleep(pause_ms * 1000);
	}
	printf("loads %u\nloads-refused %u\n", done, failed);
	return 0;
}

static int attempts(double seconds)
{
	double end = now() + seconds;
	unsigned long n = 0;

	do {
		syscall(SYS_finit_module, 0, "p=1", 0);
		n++;
	} while (now() < end);
	return n > 0 ? 0 : 1;
}

static int refused(double seconds, const char *dir)
{
	size_t self_size;
	char *self = read_file("/proc/self/exe", &self_size);
	char folder[4096], path[4200], argument[ARGUMENT_LENGTH + 1], *args[ARGUMENT_COUNT + 4];
	double end = now() + seconds;
	unsigned int n, i;
	size_t length;

	memset(argument, 'a', ARGUMENT_LENGTH);
	argument[ARGUMENT_LENGTH] = 0;
	for (n = 0; now() < end; n++) {
		length = snprintf(folder, sizeof(folder), "%s/%08u", dir, n);
		mkdir(folder, 0755);
		for (i = 0; i < 12; i++) {
			length += snprintf(folder + length, sizeof(folder) - length, "/%0240u", n);
			mkdir(folder, 0755);
		}
		snprintf(path, sizeof(path), "%s/kwchurn", folder);
		write_file(path, self, self_size);
		args[0] = path;
		args[1] = "attempts";
		args[2] = "0.5";
		for (i = 0; i < ARGUMENT_COUNT; i++)
			args[i + 3] = argument;
		args[ARGUMENT_COUNT + 3] = NULL;
		run_as(NOBODY, path, args);
		unlink(path);
		for (i = 0; i < 13; i++) {
			rmdir(folder);
			*strrchr(folder, '/') = 0;
		}
	}
	printf("programs-of-nobody %u\n", n);
	return 0;
}

static int exists(double seconds, const char *file)
{
	double end = now() + seconds;
	unsigned long n = 0;
	size_t size;
	char *bytes = read_file(file, &size);

	while (now() < end) {
		syscall(SYS_init_module, bytes, size, "");
		n++;
	}
	printf("images-refused %lu\n", n);
	return 0;
}

/* One request a connection after another. */
static _Noreturn void receive(int port)
{
	static const char answer[] = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	static char buffer[1 << 16];
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	signal(SIGPIPE, SIG_IGN);
	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(server, (struct sockaddr *)&address, sizeof(address)) || listen(server, 16))
		die("receive");
	for (;;) {
		int fd = accept(server, NULL, NULL);
		long have = 0, wanted = -1;
		char *body, *length;

		while (fd >= 0) {
			/* What is behind the head is not looked at, and overwrites itself. */
			long room = wanted < 0 ? (long)sizeof(buffer) - 1 - have : (long)sizeof(buffer) - 1;
			ssize_t got = read(fd, buffer + (wanted < 0 ? have : 0), room);

			if (got <= 0)
				break;
			have += got;
			if (wanted < 0) {
				buffer[have] = 0;
				body = strstr(buffer, "\r\n\r\n");
				if (!body)
					continue;
				length = strcasestr(buffer, "\r\ncontent-length:");
				wanted = body + 4 - buffer + (length && length < body ? atol(length + 17) : 0);
			}
			if (have >= wanted) {
				if (write(fd, answer, sizeof(answer) - 1) < 0)
					break;
				break;
			}
		}
		if (fd >= 0)
			close(fd);
	}
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "loads") && argc == 7 && strlen(argv[5]) == NAME_LENGTH)
		return loads(atof(argv[2]), atoi(argv[3]), argv[4], argv[5], argv[6]);
	if (!strcmp(verb, "attempt"))
		return attempts(0);
	if (!strcmp(verb, "attempts") && argc > 2)
		return attempts(atof(argv[2]));
	if (!strcmp(verb, "refused") && argc == 4)
		return refused(atof(argv[2]), argv[3]);
	if (!strcmp(verb, "exists") && argc == 4)
		return exists(atof(argv[2]), argv[3]);
	if (!strcmp(verb, "receive") && argc == 3)
		receive(atoi(argv[2]));
	fputs("usage: see the head of kwchurn.c\n", stderr);
	return 2;
}
