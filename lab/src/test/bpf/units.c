// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Runs programs of units.bpf.c by BPF_PROG_TEST_RUN. Each line of the input is a
 * question, and is printed with the answer:
 *   suffix FILE            how long the end of a module file's name is
 *   named FILE MODULE      whether a file has a module's name
 *   path FILE              its path and the flags that go with it
 *   bucket FULL NOW TOKENS TOKEN_NS TIMES
 *                          how many tokens a bucket gave, and when it is full
 *   token UID USERS TIMES  the first that was refused, with which answer
 *   descend NAME TIMES     makes folders within each other and goes there
 * A FILE is made; "-NAME" is a memfd, "!FILE" is unlinked once it is open.
 */
#define _GNU_SOURCE
#include "record.h"
#include "units.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* For the file: of a process's first descriptors alone every object sees the file. */
#define LOW_FD 3

static struct bpf_object *object;

/* As much of a struct kw_attempt as is needed here: its record comes first. */
static union {
	struct kw_record record;
	char bytes[64 << 10];
} work;

static int map(void)
{
	return bpf_object__find_map_fd_by_name(object, "canary");
}

static void run(const char *name, struct kw_unit *unit)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = unit, .ctx_size_in = sizeof(*unit));
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (!program || bpf_prog_test_run_opts(bpf_program__fd(program), &opts))
		err(1, "%s", name);
}

static int file_at(const char *name)
{
	int fd = *name == '-' ? memfd_create(name + 1, 0) :
				open(name + (*name == '!'), O_RDONLY | O_CREAT, 0600);

	if (fd < 0)
		err(1, "%s", name);
	if (*name == '!')
		unlink(name + 1);
	dup2(fd, LOW_FD);
	close(fd);
	return LOW_FD;
}

/* The names of a path from the root on, of which the record has the last first. */
static void print_path(const char *data, size_t len)
{
	size_t end = len;

	while (end > 0) {
		size_t start = end - 1;

		while (start > 0 && data[start - 1])
			start--;
		printf("/%s", data + start);
		end = start;
	}
}

static void path_of(const char *name)
{
	struct kw_unit unit = { .fd = file_at(name) };
	__u32 zero = 0;

	run("path", &unit);
	if (unit.result < 0)
		errx(1, "no such descriptor: %s", name);
	if (bpf_map_lookup_elem(map(), &zero, &work))
		err(1, "canary");
	print_path(work.record.data, unit.result);
	printf(" 0x%x", unit.flags);
}

static void is_named(const char *name, const char *module)
{
	struct kw_unit unit = { .fd = file_at(name) };
	__u32 zero = 0;

	memset(work.record.name, 0, sizeof(work.record.name));
	strcpy(work.record.name, module);
	if (bpf_map_update_elem(map(), &zero, &work, BPF_ANY))
		err(1, "canary");
	run("named", &unit);
	printf("%lld", unit.result);
}

static void suffix_of(const char *name)
{
	struct kw_unit unit = { .fd = file_at(name) };

	run("suffix", &unit);
	printf("%lld", unit.result);
}

static void bucket(struct kw_unit *unit, int times)
{
	int given = 0;

	while (times--) {
		run("bucket", unit);
		given += unit->result;
	}
	printf("%d %llu", given, unit->full);
}

static void token(int uid, int users, int times)
{
	struct kw_unit unit = {};

	for (int i = 0; i < times; i++) {
		unit.uid = uid + i % users;
		run("token", &unit);
		if (unit.result != 1) {
			printf("%d %lld", i, unit.result);
			return;
		}
	}
	printf("none");
}

static void descend(const char *name, int times)
{
	while (times--) {
		if (mkdir(name, 0700) || chdir(name))
			err(1, "%s", name);
	}
}

static void answer(const char *line)
{
	struct kw_unit unit = {};
	char name[256], module[KW_MODULE_NAME_LEN];
	int uid, users, times;

	if (sscanf(line, "suffix %255s", name) == 1)
		suffix_of(name);
	else if (sscanf(line, "named %255s %55s", name, module) == 2)
		is_named(name, module);
	else if (sscanf(line, "path %255s", name) == 1)
		path_of(name);
	else if (sscanf(line, "bucket %llu %llu %llu %llu %d", &unit.full, &unit.now, &unit.tokens,
			&unit.token_ns, &times) == 5)
		bucket(&unit, times);
	else if (sscanf(line, "token %d %d %d", &uid, &users, &times) == 3)
		token(uid, users, times);
	else if (sscanf(line, "descend %255s %d", name, &times) == 2)
		descend(name, times);
	else
		errx(2, "no such question: %s", line);
}

int main(int argc, char **argv)
{
	char line[1024];

	setlinebuf(stdout);
	if (argc != 2)
		errx(2, "which object?");
	dup2(STDIN_FILENO, LOW_FD);
	object = bpf_object__open_file(argv[1], NULL);
	if (!object || bpf_object__load(object))
		err(1, "%s", argv[1]);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		printf("%s: ", line);
		answer(line);
		printf("\n");
	}
	return 0;
}
