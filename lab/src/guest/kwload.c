// SPDX-License-Identifier: Apache-2.0
/*
 * kwload: makes the system calls of module work in every way there is, and says what came back, one line a call:
 *
 *     NAME ret=N errno=ERRNAME
 *
 * NAME is the subcommand, errno 0 where the call succeeded. For tests and demonstrations in the lab's guest. Exit
 * status: 0 if the call succeeded, 1 if it did not, 2 for wrong usage or if it could not be made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define I386_INIT_MODULE 128
#define I386_DELETE_MODULE 129
#define I386_FINIT_MODULE 350

static const char usage_text[] =
	"usage: kwload init FILE [PARAMS]             init_module(2), from memory\n"
	"       kwload finit FILE [PARAMS] [FLAGS]    finit_module(2)\n"
	"       kwload memfd FILE [PARAMS]            finit_module(2) from a memfd\n"
	"       kwload unlinked FILE [PARAMS]         finit_module(2) from a file that was deleted\n"
	"       kwload detached FILE [PARAMS]         finit_module(2) from a file on a mount that is mounted nowhere\n"
	"       kwload second FILE OTHER              finit_module(2) of OTHER, then init_module(2) of FILE\n"
	"       kwload nested FILE INNER              finit_module(2) of FILE (kw_nested.ko), whose init loads INNER from memory\n"
	"       kwload written FILE PARAMS            finit_module(2), with parameters on a page that was written just before\n"
	"       kwload untouched FILE PARAMS          finit_module(2), with parameters on a page that nobody has touched\n"
	"       kwload int80 FILE [PARAMS]            finit_module(2) by int $0x80 from this 64-bit program\n"
	"       kwload int80-init FILE [PARAMS]       init_module(2) by int $0x80\n"
	"       kwload int80-delete NAME              delete_module(2) by int $0x80\n"
	"       kwload badfd [FD FLAGS]               finit_module(2) on a descriptor that is not open\n"
	"       kwload deep FOLDER BYTES ARG...       kwload ARG... from a program in FOLDER whose path has BYTES bytes more\n"
	"       kwload deep-file FOLDER BYTES FILE    finit_module(2) from a copy of FILE, in such a place\n"
	"       kwload delete NAME [FLAGS]            delete_module(2)\n"
	"       kwload socket FAMILY TYPE PROTO [UID] socket(2) as UID (default 65534)\n"
	"       kwload nocap init|finit FILE          the same as nobody, without CAP_SYS_MODULE\n"
	"       kwload with UID CAPS PROGRAM [ARG]... runs PROGRAM as UID with these capabilities (bits, 0x...) and no more\n"
	"       kwload timens SECONDS PROGRAM [ARG]... runs PROGRAM in a time namespace whose boot was SECONDS earlier\n"
	"       kwload parallel N finit FILE          N finit_module(2) at the same moment\n"
	"       kwload wipe PIN N                     bpf(2): zeroes the N entries of the pinned per-CPU array PIN\n"
	"       kwload times N FILE                   N times init_module(2) that fails\n"
	"       kwload skip SECONDS PIN...            moves the consumer's positions of pinned rings to the producer's, all the time\n"
	"       kwload strangers N FILE               one init_module(2) by each of N users that made none before\n"
	"       kwload stall N SECONDS                N init_module(2) at once whose memory does not come for SECONDS\n"
	"       kwload late SECONDS init|finit FILE [PARAMS] with parameters in memory that does not come for SECONDS\n"
	"       kwload refusing HOOK WHAT ARG...      kwload ARG... while a BPF program refuses what HOOK is asked about as WHAT (or -)\n"
	"       kwload rewrite NAME                   bpf(2): puts into the newest map of that name what it has\n"
	"       kwload now                            nanoseconds since the epoch\n"
	"       kwload storm N FILE NAME              N times finit_module(2) and delete_module(2)\n"
	"       kwload answers NAME FILE [CHANGES]    init_module(2) of FILE, or once for each line of CHANGES (OFFSET BITS) of\n"
	"                                             FILE with those bits of that byte flipped; an answer a line: ERRNO TAINT\n"
	"       kwload paced N FILE NAME MILLIS       the same, each after a random pause of at most MILLIS\n"
	"       kwload timed N FILE NAME              as storm, with pauses; prints the ticks that each finit_module(2) took\n"
	"       kwload getppid BATCHES N              prints the fewest ticks that N getppid(2) in a row took\n"
	"       kwload flood SECONDS FILE [UID]       finit_module(2) as fast as it goes, as UID; ret is how many\n";

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static void fail(const char *what)
{
	fprintf(stderr, "kwload: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int report(const char *name, long ret, int error)
{
	char line[256];
	const char *text = ret >= 0 ? "0" : strerrorname_np(error);
	int length = snprintf(line, sizeof(line), "%s ret=%ld errno=%s\n", name, ret, text ? text : "?");

	/* One write, so that lines of parallel callers stay whole. */
	if (write(STDOUT_FILENO, line, length) != length)
		exit(2);
	return ret < 0;
}

static int report_syscall(const char *name, long ret)
{
	return report(name, ret, errno);
}

/* A system call through the i386 gate answers with -errno. */
static int report_raw(const char *name, int ret)
{
	return ret < 0 ? report(name, -1, -ret) : report(name, ret, 0);
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(path);
	return fd;
}

/* Reads a whole file into memory mapped with the given extra flags. */
static void *slurp(const char *path, int flags, size_t *size)
{
	int fd = open_file(path);
	struct stat status;
	size_t done = 0;
	char *bytes;

	if (fstat(fd, &status) < 0)
		fail(path);
	*size = status.st_size;
	bytes = mmap(NULL, *size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (bytes == MAP_FAILED)
		fail("mmap");
	while (done < *size) {
		ssize_t n = read(fd, bytes + done, *size - done);

		if (n <= 0)
			fail(path);
		done += n;
	}
	close(fd);
	return bytes;
}

static void write_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n <= 0)
			fail("write");
		bytes += n;
		size -= n;
	}
}

static void become(uid_t uid)
{
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		fail("setresuid");
}

/* With a uid other than -1: reads the file first, then becomes that user, who may not be able to read it. */
static int do_init(const char *name, const char *path, const char *params, uid_t uid)
{
	size_t size;
	void *bytes = slurp(path, 0, &size);

	if (uid != (uid_t)-1)
		become(uid);
	return report_syscall(name, syscall(SYS_init_module, bytes, size, params));
}

static int do_finit(const char *name, const char *path, const char *params, int flags, uid_t uid)
{
	int fd = open_file(path);

	if (uid != (uid_t)-1)
		become(uid);
	return report_syscall(name, syscall(SYS_finit_module, fd, params, flags));
}

static int do_memfd(const char *path, const char *params)
{
	size_t size;
	char *bytes = slurp(path, 0, &size);
	int fd = memfd_create("kwload", MFD_CLOEXEC);

	if (fd < 0)
		fail("memfd_create");
	write_all(fd, bytes, size);
	return report_syscall("memfd", syscall(SYS_finit_module, fd, params, 0));
}

static int do_unlinked(const char *path, const char *params)
{
	char copy[] = "/tmp/kwload-XXXXXX";
	size_t size;
	char *bytes = slurp(path, 0, &size);
	int writer = mkstemp(copy), fd;

	if (writer < 0)
		fail(copy);
	write_all(writer, bytes, size);
	/* A file that is open for writing cannot be loaded: ETXTBSY. */
	close(writer);
	fd = open_file(copy);
	unlink(copy);
	return report_syscall("unlinked", syscall(SYS_finit_module, fd, params, 0));
}

/* The file is on a mount that is mounted nowhere, so that no path leads to it. */
static int do_detached(const char *path, const char *params)
{
	size_t size;
	char *bytes = slurp(path, 0, &size);
	int context = syscall(SYS_fsopen, "tmpfs", 0), mount, fd;

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		fail("fsopen");
	mount = syscall(SYS_fsmount, context, 0, 0);
	fd = openat(mount, "detached.ko", O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		fail("fsmount");
	write_all(fd, bytes, size);
	close(fd);
	fd = openat(mount, "detached.ko", O_RDONLY);
	return report_syscall("detached", syscall(SYS_finit_module, fd, params, 0));
}

/* As busybox does: from memory what the kernel did not take by descriptor; but another file. */
static int do_second(const char *path, const char *first)
{
	do_finit("finit", first, "", 0, -1);
	return do_init("init", path, "", -1);
}

/* From a page of its own: the process has written it just before, or it is mapped from a file and nobody has touched it. */
static int do_nested(const char *path, const char *inner)
{
	char params[64];
	size_t size;
	void *image = slurp(inner, 0, &size);

	snprintf(params, sizeof(params), "image=%lu length=%zu", (unsigned long)image, size);
	return do_finit("nested", path, params, 0, -1);
}

static int do_page(const char *name, const char *path, const char *params, int touched)
{
	char copy[] = "/tmp/kwload-XXXXXX";
	int fd = open_file(path), page = mkstemp(copy);
	char *text;

	if (page < 0)
		fail(copy);
	write_all(page, params, strlen(params) + 1);
	text = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, page, 0);
	if (text == MAP_FAILED)
		fail("mmap");
	if (touched)
		strcpy(text, params);
	return report_syscall(name, syscall(SYS_finit_module, fd, text, 0));
}

static int int80(int number, long a, long b, long c)
{
	long ret;

	/* The gate keeps no more than 32 bits of each argument and clobbers r8 to r11. */
	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"((long)number), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static char *low_string(const char *text)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (low == MAP_FAILED)
		fail("mmap");
	strncpy(low, text, 4095);
	return low;
}

static int do_int80_finit(const char *path, const char *params)
{
	int fd = open_file(path);

	return report_raw("int80", int80(I386_FINIT_MODULE, fd, (long)low_string(params), 0));
}

static int do_int80_init(const char *path, const char *params)
{
	size_t size;
	void *bytes = slurp(path, MAP_32BIT, &size);

	return report_raw("int80-init", int80(I386_INIT_MODULE, (long)bytes, (long)size, (long)low_string(params)));
}

/* A copy of a file, in a folder of so long a path below another that no path leads there; it is open for reading. */
static int copy_deep(const char *folder, size_t length, const char *path, const char *name)
{
	char part[251];
	size_t size, made;
	char *bytes = slurp(path, 0, &size);
	int writer, fd;

	memset(part, 'd', sizeof(part) - 1);
	part[sizeof(part) - 1] = 0;
	if (chdir(folder) < 0)
		fail(folder);
	for (made = 0; made < length; made += sizeof(part)) {
		if ((mkdir(part, 0755) < 0 && errno != EEXIST) || chdir(part) < 0)
			fail("mkdir");
	}
	writer = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0755);
	if (writer < 0)
		fail(name);
	write_all(writer, bytes, size);
	/* A file that is open for writing can neither be loaded nor run: ETXTBSY. */
	close(writer);
	fd = open(name, O_RDONLY);
	if (fd < 0)
		fail(name);
	return fd;
}

static void do_deep(const char *folder, size_t length, char **arguments)
{
	int fd = copy_deep(folder, length, "/proc/self/exe", "kwload");

	/* The first of them, which was the length, is its own name now. */
	arguments[0] = "kwload";
	syscall(SYS_execveat, fd, "", arguments, environ, AT_EMPTY_PATH);
	fail("execveat");
}

static int do_socket(int family, int type, int protocol, uid_t uid)
{
	become(uid);
	return report_syscall("socket", socket(family, type, protocol));
}

/* As a service manager does it: bounding set, inheritable and ambient set, user, no_new_privs. */
static void do_with(uid_t uid, unsigned long long caps, char **command)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int cap, i;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!(caps >> cap & 1) && prctl(PR_CAPBSET_DROP, cap) < 0)
			fail("PR_CAPBSET_DROP");
	if (prctl(PR_SET_KEEPCAPS, 1) < 0)
		fail("PR_SET_KEEPCAPS");
	become(uid);
	for (i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = data[i].inheritable = (unsigned int)(caps >> 32 * i);
	if (syscall(SYS_capset, &header, data) < 0)
		fail("capset");
	for (cap = 0; cap < 64; cap++)
		if ((caps >> cap & 1) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			fail("PR_CAP_AMBIENT_RAISE");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail("PR_SET_NO_NEW_PRIVS");
	execvp(command[0], command);
	fail(command[0]);
}

/* The namespace is for children; setns(2) moves this process, which has one thread, into it. */
static void do_timens(const char *seconds, char **command)
{
	int fd = open("/proc/self/timens_offsets", O_WRONLY);
	int ns;

	if (fd < 0 || unshare(CLONE_NEWTIME) < 0)
		fail("unshare");
	if (dprintf(fd, "boottime %s 0\n", seconds) < 0)
		fail("timens_offsets");
	close(fd);
	ns = open("/proc/self/ns/time_for_children", O_RDONLY);
	if (ns < 0 || setns(ns, CLONE_NEWTIME) < 0)
		fail("setns");
	execvp(command[0], command);
	fail(command[0]);
}

static int do_parallel(int count, const char *path, const char *params)
{
	int gate[2], failures = 0, i, status;
	char byte;

	if (pipe(gate) < 0)
		fail("pipe");
	for (i = 0; i < count; i++) {
		pid_t child = fork();

		if (child < 0)
			fail("fork");
		if (child == 0) {
			int fd = open_file(path);

			/* All wait here until the parent closes its end. */
			close(gate[1]);
			if (read(gate[0], &byte, 1) != 0)
				_exit(2);
			_exit(report_syscall("parallel", syscall(SYS_finit_module, fd, params, 0)));
		}
	}
	close(gate[0]);
	close(gate[1]);
	while (wait(&status) > 0)
		failures += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	return failures == count;
}

static int do_storm(int count, const char *path, const char *module)
{
	int fd = open_file(path), failures = 0, i;

	for (i = 0; i < count; i++) {
		failures += syscall(SYS_finit_module, fd, "", 0) != 0;
		failures += syscall(SYS_delete_module, module, O_NONBLOCK) != 0;
	}
	return report("storm", failures ? -1 : 0, failures ? errno : 0);
}

/* The time stamp counter: where the lab counts instructions (LabRun.withInstructionClock()), one tick an instruction. */
static unsigned long long ticks(void)
{
	return __builtin_ia32_rdtsc();
}

/* Each load waits until whoever watches is done with the last, and none is interrupted by who is woken for it: what is
 * counted is what the call itself takes. */
static int do_timed(int count, const char *path, const char *module)
{
	struct sched_param real_time = { .sched_priority = 50 };
	int fd = open_file(path), i;

	if (sched_setscheduler(0, SCHED_FIFO, &real_time) < 0)
		fail("sched_setscheduler");
	for (i = 0; i < count; i++) {
		unsigned long long begin, end;
		long ret;

		usleep(200000);
		begin = ticks();
		ret = syscall(SYS_finit_module, fd, "", 0);
		end = ticks();
		if (ret != 0)
			return report("timed", ret, errno);
		if (syscall(SYS_delete_module, module, O_NONBLOCK) != 0)
			return report("timed", -1, errno);
		printf("%llu\n", end - begin);
	}
	return 0;
}

/* The fewest, since a batch may have been interrupted. */
static int do_getppid(int batches, int count)
{
	unsigned long long fewest = -1ULL;
	int batch, i;

	for (batch = 0; batch < batches; batch++) {
		unsigned long long begin = ticks(), taken;

		for (i = 0; i < count; i++)
			getppid();
		taken = ticks() - begin;
		if (taken < fewest)
			fewest = taken;
	}
	printf("%llu\n", fewest);
	return 0;
}

/* One load of a module that may be taken out again at once; what the kernel answered, and made of its signature. */
static void answer(const char *module, const void *bytes, size_t size)
{
	char path[128], taint[32] = "-";
	FILE *file;

	if (syscall(SYS_init_module, bytes, size, "") != 0) {
		printf("%s -\n", strerrorname_np(errno));
		return;
	}
	snprintf(path, sizeof(path), "/sys/module/%s/taint", module);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%31s", taint) < 0)
		fail(path);
	fclose(file);
	if (syscall(SYS_delete_module, module, O_NONBLOCK) != 0)
		fail("delete_module");
	printf("0 %s\n", taint);
}

static int do_answers(const char *module, const char *path, const char *changes)
{
	size_t size;
	unsigned char *bytes = slurp(path, 0, &size);
	unsigned long offset;
	unsigned int bits;
	FILE *list;

	if (!changes) {
		answer(module, bytes, size);
		return 0;
	}
	list = fopen(changes, "re");
	if (!list)
		fail(changes);
	while (fscanf(list, "%lu %x", &offset, &bits) == 2) {
		if (offset >= size)
			fail("a change behind the end");
		bytes[offset] ^= bits;
		answer(module, bytes, size);
		bytes[offset] ^= bits;
	}
	fclose(list);
	return 0;
}

static int do_paced(int count, const char *path, const char *module, int millis)
{
	int fd = open_file(path), failures = 0, i;

	srandom(20261124);
	for (i = 0; i < count; i++) {
		usleep(random() % (millis * 1000));
		failures += syscall(SYS_finit_module, fd, "", 0) != 0;
		failures += syscall(SYS_delete_module, module, O_NONBLOCK) != 0;
	}
	return report("paced", failures ? -1 : 0, failures ? errno : 0);
}

static int do_flood(int seconds, const char *path, uid_t uid)
{
	int fd = open_file(path);
	time_t end = time(NULL) + seconds;
	long count = 0;

	become(uid);
	do {
		if (syscall(SYS_finit_module, fd, "", 0) == 0)
			fail("finit_module succeeded");
		count++;
	} while (time(NULL) < end);
	return report("flood", count, 0);
}

/* Somebody with the right to, who meddles with the account. */
static int do_wipe(const char *pin, unsigned int entries)
{
	static const char zeros[4096];
	union bpf_attr attr = { .pathname = (unsigned long)pin };
	long ret = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));
	unsigned int key;
	int fd = ret;

	for (key = 0; ret >= 0 && key < entries; key++) {
		memset(&attr, 0, sizeof(attr));
		attr.map_fd = fd;
		attr.key = (unsigned long)&key;
		attr.value = (unsigned long)zeros;
		ret = syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
	}
	return report_syscall("wipe", ret < 0 ? ret : 0);
}

/* The newest map with this at the end of its name: libbpf puts the object's name before ".rodata". */
static int open_map(const char *name)
{
	union bpf_attr attr = {};
	int found = -1;

	while (syscall(SYS_bpf, BPF_MAP_GET_NEXT_ID, &attr, sizeof(attr)) == 0) {
		struct bpf_map_info info = {};
		union bpf_attr ask = { .map_id = attr.next_id };
		int fd = syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &ask, sizeof(ask));
		size_t length;

		attr.start_id = attr.next_id;
		if (fd < 0)
			continue;
		memset(&ask, 0, sizeof(ask));
		ask.info.bpf_fd = fd;
		ask.info.info_len = sizeof(info);
		ask.info.info = (unsigned long)&info;
		if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &ask, sizeof(ask)) < 0)
			fail("BPF_OBJ_GET_INFO_BY_FD");
		length = strlen(info.name);
		if (length >= strlen(name) && !strcmp(info.name + length - strlen(name), name)) {
			if (found >= 0)
				close(found);
			found = fd;
		} else {
			close(fd);
		}
	}
	return found;
}

/* Somebody with the right to, who changes what the programs go by; here to the same. */
static int do_rewrite(const char *name)
{
	static char value[1 << 17];
	unsigned int key = 0;
	int fd = open_map(name);
	union bpf_attr attr = { .map_fd = fd, .key = (unsigned long)&key, .value = (unsigned long)value };

	if (fd < 0) {
		errno = ENOENT;
		return report_syscall("rewrite", -1);
	}
	if (syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr)) < 0)
		fail("BPF_MAP_LOOKUP_ELEM");
	return report_syscall("rewrite", syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)));
}

/* Somebody with the right to, who has the kernel write over what the rings hold. */
static int do_skip(int seconds, char **pins)
{
	volatile unsigned long *consumers[8];
	volatile unsigned long *producers[8];
	time_t end = time(NULL) + seconds;
	int count = 0, i;

	for (; pins[count] && count < 8; count++) {
		union bpf_attr attr = { .pathname = (unsigned long)pins[count] };
		long page = sysconf(_SC_PAGESIZE);
		int fd = (int)syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));

		if (fd < 0)
			fail(pins[count]);
		consumers[count] = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		producers[count] = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, page);
		if (consumers[count] == MAP_FAILED || producers[count] == MAP_FAILED)
			fail("mmap");
	}
	while (time(NULL) < end) {
		for (i = 0; i < count; i++)
			*consumers[i] = *producers[i];
		usleep(1000);
	}
	return report("skip", 0, 0);
}

static int do_times(int count, const char *path)
{
	size_t size;
	void *bytes = slurp(path, 0, &size);
	int i;

	for (i = 0; i < count; i++)
		if (syscall(SYS_init_module, bytes, size, "") == 0)
			fail("init_module succeeded");
	return report("times", count, 0);
}

/* The capabilities stay as the user changes: each of them may load modules. */
static int do_strangers(int count, const char *path)
{
	size_t size;
	void *bytes = slurp(path, 0, &size);
	int i;

	if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
		fail("PR_SET_SECUREBITS");
	for (i = 0; i < count; i++) {
		if (setresuid(100000 + i, 100000 + i, 100000 + i) < 0)
			fail("setresuid");
		if (syscall(SYS_init_module, bytes, size, "") == 0)
			fail("init_module succeeded");
	}
	return report("strangers", count, 0);
}

/* Memory that is faulted in by whoever has the descriptor: who reads it waits. */
static void *absent_page_of(int *descriptor)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	long page = sysconf(_SC_PAGESIZE);
	void *memory = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd < 0 || memory == MAP_FAILED || ioctl(fd, UFFDIO_API, &api) < 0)
		fail("userfaultfd");
	range.range.start = (unsigned long)memory;
	range.range.len = page;
	if (ioctl(fd, UFFDIO_REGISTER, &range) < 0)
		fail("UFFDIO_REGISTER");
	*descriptor = fd;
	return memory;
}

/* Memory that is faulted in by nobody. */
static void *absent_page(void)
{
	int unused;

	return absent_page_of(&unused);
}

/* Parameters that the kernel can read only once some seconds are over. */
static int do_late(int seconds, const char *how, const char *path, const char *params)
{
	int descriptor;
	long page = sysconf(_SC_PAGESIZE);
	char *late = absent_page_of(&descriptor);
	char *text = calloc(1, page);
	struct uffdio_copy copy = { .dst = (unsigned long)late, .src = (unsigned long)text, .len = page };
	pid_t child;

	strncpy(text, params, page - 1);
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		sleep(seconds);
		/* Into the memory of the process that the descriptor is of. */
		_exit(ioctl(descriptor, UFFDIO_COPY, &copy) < 0);
	}
	return !strcmp(how, "init") ? do_init("late-init", path, late, -1) :
				      do_finit("late-finit", path, late, 0, -1);
}

static int do_stall(int count, int seconds)
{
	pid_t *children = calloc(count, sizeof(*children));
	int i;

	for (i = 0; i < count; i++) {
		children[i] = fork();
		if (children[i] < 0)
			fail("fork");
		if (children[i] == 0) {
			syscall(SYS_init_module, absent_page(), 4096, "");
			_exit(0);
		}
	}
	sleep(seconds);
	for (i = 0; i < count; i++)
		kill(children[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	return report("stall", count, 0);
}

/* The id that the kernel's type information has for a function. */
static int btf_id_of(const char *function)
{
	static const size_t tails[BTF_KIND_MAX + 1] = {
		[BTF_KIND_INT] = sizeof(__u32),
		[BTF_KIND_ARRAY] = sizeof(struct btf_array),
		[BTF_KIND_VAR] = sizeof(struct btf_var),
		[BTF_KIND_DECL_TAG] = sizeof(struct btf_decl_tag),
	};
	static const size_t members[BTF_KIND_MAX + 1] = {
		[BTF_KIND_STRUCT] = sizeof(struct btf_member),
		[BTF_KIND_UNION] = sizeof(struct btf_member),
		[BTF_KIND_ENUM] = sizeof(struct btf_enum),
		[BTF_KIND_FUNC_PROTO] = sizeof(struct btf_param),
		[BTF_KIND_DATASEC] = sizeof(struct btf_var_secinfo),
		[BTF_KIND_ENUM64] = sizeof(struct btf_enum64),
	};
	size_t size = 0, room = 16 << 20;
	char *bytes = malloc(room);
	int fd = open_file("/sys/kernel/btf/vmlinux");
	struct btf_header *header = (void *)bytes;
	const char *types, *strings;
	ssize_t got;
	size_t at;
	int id = 1;

	while (bytes && size < room && (got = read(fd, bytes + size, room - size)) > 0)
		size += got;
	close(fd);
	types = bytes + header->hdr_len + header->type_off;
	strings = bytes + header->hdr_len + header->str_off;
	for (at = 0; at < header->type_len; id++) {
		const struct btf_type *type = (const void *)(types + at);
		int kind = BTF_INFO_KIND(type->info);

		if (kind == BTF_KIND_FUNC && !strcmp(strings + type->name_off, function))
			return id;
		at += sizeof(*type) + tails[kind] + members[kind] * BTF_INFO_VLEN(type->info);
	}
	errno = ENOENT;
	fail(function);
	return 0;
}

/* As a BPF program of somebody else refuses: EPERM by a hook of the security modules, for as long as this process is. */
static void refuse(const char *hook, const char *what)
{
	int any = !strcmp(what, "-");
	struct bpf_insn program[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = any ? -EPERM : 0 },
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_2, .off = 1, .imm = atoi(what) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = -EPERM },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_TRACING,
		.expected_attach_type = BPF_MODIFY_RETURN,
		.attach_btf_id = btf_id_of(hook),
		.insns = (unsigned long)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (unsigned long)"GPL",
	};
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	union bpf_attr attach = { .raw_tracepoint.prog_fd = fd };

	if (fd < 0)
		fail("BPF_PROG_LOAD");
	if (syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attach, sizeof(attach)) < 0)
		fail("BPF_RAW_TRACEPOINT_OPEN");
}

static int print_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	printf("%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	return 0;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const char *file = argc > 2 ? argv[2] : NULL;
	const char *params = argc > 3 ? argv[3] : "";

	if (!strcmp(verb, "badfd"))
		return report_syscall("badfd", syscall(SYS_finit_module, file ? atol(file) : 9999, "",
						       strtol(params, NULL, 0)));
	if (!strcmp(verb, "now"))
		return print_time();
	if (!strcmp(verb, "refusing") && argc > 5) {
		refuse(file, params);
		return main(argc - 3, argv + 3);
	}
	if (!file)
		usage();
	if (!strcmp(verb, "init"))
		return do_init("init", file, params, -1);
	if (!strcmp(verb, "finit"))
		return do_finit("finit", file, params, argc > 4 ? (int)strtol(argv[4], NULL, 0) : 0, -1);
	if (!strcmp(verb, "memfd"))
		return do_memfd(file, params);
	if (!strcmp(verb, "unlinked"))
		return do_unlinked(file, params);
	if (!strcmp(verb, "detached"))
		return do_detached(file, params);
	if (!strcmp(verb, "second"))
		return do_second(file, params);
	if (!strcmp(verb, "nested") && argc > 3)
		return do_nested(file, params);
	if (!strcmp(verb, "written") && argc > 3)
		return do_page(verb, file, params, 1);
	if (!strcmp(verb, "untouched") && argc > 3)
		return do_page(verb, file, params, 0);
	if (!strcmp(verb, "int80"))
		return do_int80_finit(file, params);
	if (!strcmp(verb, "int80-init"))
		return do_int80_init(file, params);
	if (!strcmp(verb, "int80-delete"))
		return report_raw("int80-delete", int80(I386_DELETE_MODULE, (long)low_string(file), 0, 0));
	if (!strcmp(verb, "delete"))
		return report_syscall("delete", syscall(SYS_delete_module, file,
							argc > 3 ? (int)strtol(argv[3], NULL, 0) : O_NONBLOCK));
	if (!strcmp(verb, "deep") && argc > 4)
		do_deep(file, atoi(argv[3]), argv + 3);
	if (!strcmp(verb, "deep-file") && argc > 4)
		return report_syscall(verb, syscall(SYS_finit_module, copy_deep(file, atoi(argv[3]), argv[4], "x.ko"), "", 0));
	if (!strcmp(verb, "socket") && argc > 4)
		return do_socket(atoi(file), atoi(argv[3]), atoi(argv[4]), argc > 5 ? (uid_t)atoi(argv[5]) : NOBODY);
	if (!strcmp(verb, "nocap") && argc > 3) {
		if (!strcmp(file, "init"))
			return do_init("nocap-init", argv[3], "", NOBODY);
		if (!strcmp(file, "finit"))
			return do_finit("nocap-finit", argv[3], "", 0, NOBODY);
	}
	if (!strcmp(verb, "with") && argc > 4)
		do_with((uid_t)atoi(file), strtoull(argv[3], NULL, 16), argv + 4);
	if (!strcmp(verb, "timens") && argc > 3)
		do_timens(file, argv + 3);
	if (!strcmp(verb, "parallel") && argc > 4 && !strcmp(argv[3], "finit") && atoi(file) > 0)
		return do_parallel(atoi(file), argv[4], argc > 5 ? argv[5] : "");
	if (!strcmp(verb, "wipe") && argc > 3 && atoi(params) > 0)
		return do_wipe(file, atoi(params));
	if (!strcmp(verb, "rewrite"))
		return do_rewrite(file);
	if (!strcmp(verb, "skip") && argc > 3 && atoi(file) > 0)
		return do_skip(atoi(file), argv + 3);
	if (!strcmp(verb, "times") && argc > 3 && atoi(file) > 0)
		return do_times(atoi(file), argv[3]);
	if (!strcmp(verb, "strangers") && argc > 3 && atoi(file) > 0)
		return do_strangers(atoi(file), argv[3]);
	if (!strcmp(verb, "stall") && argc > 3 && atoi(file) > 0 && atoi(argv[3]) > 0)
		return do_stall(atoi(file), atoi(argv[3]));
	if (!strcmp(verb, "late") && argc > 4 && atoi(file) > 0)
		return do_late(atoi(file), argv[3], argv[4], argc > 5 ? argv[5] : "");
	if (!strcmp(verb, "storm") && argc > 4 && atoi(file) > 0)
		return do_storm(atoi(file), argv[3], argv[4]);
	if (!strcmp(verb, "timed") && argc > 4 && atoi(file) > 0)
		return do_timed(atoi(file), argv[3], argv[4]);
	if (!strcmp(verb, "getppid") && argc > 3 && atoi(file) > 0 && atoi(argv[3]) > 0)
		return do_getppid(atoi(file), atoi(argv[3]));
	if (!strcmp(verb, "answers") && argc > 3)
		return do_answers(file, argv[3], argc > 4 ? argv[4] : NULL);
	if (!strcmp(verb, "paced") && argc > 5 && atoi(file) > 0 && atoi(argv[5]) > 0)
		return do_paced(atoi(file), argv[3], argv[4], atoi(argv[5]));
	if (!strcmp(verb, "flood") && argc > 3 && atoi(file) > 0)
		return do_flood(atoi(file), argv[3], argc > 4 ? (uid_t)atoi(argv[4]) : 0);
	usage();
}
