package org.kmodwatch.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.kmodwatch.bench.EventText.Form;
import org.kmodwatch.bench.RecordingGenerator.Attempt;
import org.kmodwatch.bench.RecordingGenerator.Template;

/**
 * Generates the lines of recordings: the usual activity of a machine with some containers, and
 * loads of modules.
 *
 * <p>Lines that do not match resemble lines that do: processes that only open module files,
 * processes with such names, command lines that quote events.
 */
final class LineTemplates {

  /** Sets the number of lines for each line in the form after 0.24. */
  private static final int PROTOBUF_ONE_IN = 20;

  private static final String[] PATHS = {
    "/etc/ld.so.cache",
    "/etc/resolv.conf",
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/usr/lib/x86_64-linux-gnu/libssl.so.3",
    "/proc/self/status",
    "/proc/modules",
    "/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/memory.current",
    "/lib/modules/6.1.0-31-amd64/kernel/drivers/net/dummy.ko",
    "/lib/modules/6.1.0-31-amd64/modules.dep.bin",
    "/etc/modprobe.d/blacklist.conf",
    "/app/node_modules/express/lib/router/index.js",
    "/usr/lib/python3/dist-packages/importlib/module_loader.py",
    "/var/lib/postgresql/16/main/base/16384/2619",
    "/var/log/journal/4f1c2d9b8e/system.journal",
    "/srv/daten/Müller & Söhne <Entwurf>.odt",
    "/srv/データ/カーネル/モジュール.txt",
    "/home/zoë/notes/“init_module” – что это.md",
    "/tmp/.X11-unix/X0",
    "/run/containerd/io.containerd.runtime.v2.task/k8s.io/config.json",
    "/opt/app/config/application-production.yaml"
  };

  private static final String[][] COMMANDS = {
    {"ls", "-la", "/lib/modules"},
    {"sh", "-c", "test -e /run/ready && echo \"ok\" > /tmp/health 2>&1"},
    {"modprobe", "-n", "-v", "dummy"},
    {"grep", "-c", "\"eventName\":\"init_module\"", "/var/log/tracee/events.json"},
    {"bash", "-c", "for f in *.log; do gzip -9 <\"$f\" >\"$f.gz\" && rm \"$f\"; done"},
    {"curl", "-fsS", "https://registry.example.net/v2/_catalog?n=100&last=base"},
    {"python3", "-m", "http.server", "--bind", "::", "8080"},
    {"psql", "-At", "-c", "select count(*) from load where kind <> 'finit_module'"},
    {
      "java",
      "-XX:MaxRAMPercentage=75.0",
      "-Djava.security.egd=file:/dev/./urandom",
      "-cp",
      "/app/resources:/app/classes:/app/libs/*",
      "com.example.orders.Application",
      "--spring.profiles.active=production"
    },
    {"runc", "--root", "/run/containerd/runc/k8s.io", "--log-format", "json", "init"},
    {"awk", "$3 > 100 && $1 !~ /module_load/ { print $2 }", "/proc/modules"},
    {"git", "-C", "/srv/überblick", "log", "--format=%h <%ae> %s", "-n", "20"}
  };

  private static final String[] MODULES = {
    "dummy", "nf_tables", "overlay", "br_netfilter", "wireguard", "ip_vs", "xt_comment", "veth"
  };

  private static final String[] DNS = {
    "orders.production.svc.cluster.local",
    "registry.example.net",
    "kubernetes.default.svc",
    "module-updates.example.org",
    "xn--mller-kva.example"
  };

  /** Writes an event of one kind, arguments included. */
  private interface Kind {
    void write(EventText event);
  }

  private record Weighted(int weight, Kind kind) {}

  private final SplittableRandom random;
  private final Processes processes;
  private final List<Weighted> kinds;
  private final int weights;

  LineTemplates(SplittableRandom random) {
    this.random = random;
    this.processes = new Processes(random);
    this.kinds =
        List.of(
            new Weighted(180, this::openat),
            new Weighted(20, this::openat2),
            new Weighted(110, this::securityFileOpen),
            new Weighted(150, this::close),
            new Weighted(70, this::mmap),
            new Weighted(50, this::connect),
            new Weighted(30, this::securitySocketConnect),
            new Weighted(40, this::dns),
            new Weighted(40, this::clone),
            new Weighted(40, this::execve),
            new Weighted(45, this::schedProcessExec),
            new Weighted(40, this::schedProcessExit),
            new Weighted(45, this::newfstatat),
            new Weighted(20, this::unlinkat),
            new Weighted(30, this::vfsWrite),
            new Weighted(20, this::capCapable));
    this.weights = kinds.stream().mapToInt(Weighted::weight).sum();
  }

  /** Returns a line that does not concern modules, however similar it looks. */
  Template background() {
    var event = new EventText(processes.any(), form(), random);
    int at = random.nextInt(weights);
    for (Weighted each : kinds) {
      at -= each.weight();
      if (at < 0) {
        each.kind().write(event);
        break;
      }
    }
    return template(event, false, false);
  }

  /** Returns the lines of one attempt to load a module. */
  Attempt attempt() {
    Processes.Actor loader = processes.loader();
    String module = oneOf(MODULES);
    Form form = form();
    var after = new ArrayList<Template>();
    if (random.nextInt(8) != 0) {
      after.add(line(loader, form, event -> moduleLoad(event, module)));
    }
    if (random.nextInt(4) == 0) {
      after.add(line(processes.loader(), form, event -> moduleFree(event, module)));
    }
    if (random.nextInt(8) == 0) {
      after.add(line(processes.any(), form, event -> readFile(event, firmware(), "firmware")));
    }
    if (random.nextInt(3) == 0) {
      var call = new EventText(loader, form, random);
      initModule(call);
      return new Attempt(List.of(), template(call, true, true), after);
    }
    var read = new EventText(loader, form, random);
    readFile(read, path(module), "kernel-module");
    return new Attempt(
        List.of(line(loader, form, this::finitModule)), template(read, true, false), after);
  }

  private Template line(Processes.Actor process, Form form, Kind kind) {
    var event = new EventText(process, form, random);
    kind.write(event);
    return template(event, false, false);
  }

  private static Template template(EventText event, boolean matches, boolean initModule) {
    return new Template(event.text(), event.form() == Form.PROTOBUF, matches, initModule);
  }

  private Form form() {
    if (random.nextInt(PROTOBUF_ONE_IN) == 0) {
      return Form.PROTOBUF;
    }
    return random.nextBoolean() ? Form.FLAT_C_TYPES : Form.FLAT_GO_TYPES;
  }

  private void initModule(EventText event) {
    event.begin(105, "init_module", "init_module", result(12));
    event.pointer("module_image", 0x7f00_0000_0000L + random.nextInt());
    event.u64("len", 20_000 + random.nextInt(400_000));
    event.string("param_values", random.nextInt(3) == 0 ? "mode=\"a<b\" debug=1" : "");
  }

  private void finitModule(EventText event) {
    event.begin(313, "finit_module", "finit_module", result(12));
    event.s32("fd", 3 + random.nextInt(5));
    event.string("param_values", random.nextInt(4) == 0 ? "numdummies=2" : "");
    event.s32("flags", 0);
  }

  private void readFile(EventText event, String path, String type) {
    event.begin(733, "security_kernel_read_file", "finit_module", 0);
    event.string("pathname", path);
    event.u32("dev", 8_388_609);
    event.u64("inode", random.nextLong(1L << 40));
    event.string("type", type);
    event.u64("ctime", 1_763_700_000_000_000_000L + random.nextLong(1L << 40));
  }

  private void moduleLoad(EventText event, String module) {
    event.begin(735, "module_load", "finit_module", 0);
    event.string("name", module);
    event.string("version", random.nextInt(4) == 0 ? "1.0.2-k" : "");
    event.string("src_version", "8D2C5E1A37B0F94D6E21C0A");
    event.string("pathname", path(module));
    event.u32("dev", 8_388_609);
    event.u64("inode", random.nextLong(1L << 40));
    event.u64("ctime", 1_763_700_000_000_000_000L);
  }

  private void moduleFree(EventText event, String module) {
    event.begin(736, "module_free", "delete_module", 0);
    event.string("name", module);
    event.string("version", "");
    event.string("src_version", "8D2C5E1A37B0F94D6E21C0A");
  }

  private void openat(EventText event) {
    event.begin(257, "openat", "openat", result(6));
    event.s32("dirfd", -100);
    event.string("pathname", oneOf(PATHS));
    event.string("flags", random.nextBoolean() ? "O_RDONLY|O_CLOEXEC" : "O_WRONLY|O_CREAT|O_TRUNC");
    event.string("mode", "0");
  }

  private void openat2(EventText event) {
    event.begin(437, "openat2", "openat2", result(6));
    event.s32("dirfd", 4 + random.nextInt(60));
    event.string("pathname", oneOf(PATHS));
    event.raw("how", "struct open_how*", "{\"Flags\":2621440,\"Mode\":0,\"Resolve\":8}");
    event.u64("size", 24);
  }

  private void securityFileOpen(EventText event) {
    event.begin(730, "security_file_open", random.nextInt(9) == 0 ? "execve" : "openat", 0);
    event.string("pathname", oneOf(PATHS));
    event.string("flags", "O_RDONLY|O_LARGEFILE");
    event.u32("dev", 66_305);
    event.u64("inode", random.nextLong(1L << 34));
    event.u64("ctime", 1_763_000_000_000_000_000L + random.nextLong(1L << 48));
    event.string("syscall_pathname", oneOf(PATHS));
  }

  private void close(EventText event) {
    event.begin(3, "close", "close", 0);
    event.s32("fd", random.nextInt(1024));
  }

  private void mmap(EventText event) {
    event.begin(9, "mmap", "mmap", 140_000_000_000_000L + random.nextLong(1L << 40));
    event.pointer("addr", 0);
    event.u64("length", 4_096L << random.nextInt(12));
    event.string("prot", "PROT_READ|PROT_EXEC");
    event.string("flags", "MAP_PRIVATE|MAP_DENYWRITE|MAP_FIXED");
    event.s32("fd", random.nextInt(32));
    event.u64("off", 4_096L * random.nextInt(500));
  }

  private void connect(EventText event) {
    event.begin(42, "connect", "connect", random.nextInt(4) == 0 ? -115 : 0);
    event.s32("sockfd", 5 + random.nextInt(200));
    event.raw("addr", "struct sockaddr*", address());
    event.s32("addrlen", 16);
  }

  private void securitySocketConnect(EventText event) {
    event.begin(722, "security_socket_connect", "connect", 0);
    event.s32("sockfd", 5 + random.nextInt(200));
    event.string("type", "SOCK_STREAM");
    event.raw("remote_addr", "struct sockaddr*", address());
  }

  private void dns(EventText event) {
    event.begin(2_006, "net_packet_dns", "", 0);
    event.string("src", "10.244.1." + random.nextInt(256));
    event.string("dst", "10.96.0.10");
    event.s32("src_port", 32_768 + random.nextInt(28_000));
    event.s32("dst_port", 53);
    String name = oneOf(DNS);
    var answers = new StringBuilder();
    for (int i = random.nextInt(5); i > 0; i--) {
      answers
          .append(answers.isEmpty() ? "" : ",")
          .append("{\"name\":\"%s\",\"type\":\"A\",\"class\":\"IN\",\"TTL\":30,".formatted(name))
          .append(
              "\"IP\":\"10.0.%d.%d\",\"NS\":\"\",\"CNAME\":\"\",\"PTR\":\"\",\"TXTs\":null}"
                  .formatted(random.nextInt(256), random.nextInt(256)));
    }
    event.raw(
        "proto_dns",
        "trace.ProtoDNS",
        ("{\"ID\":%d,\"QR\":%d,\"opCode\":\"query\",\"AA\":0,\"TC\":0,\"RD\":1,\"RA\":0,\"Z\":0,"
                + "\"responseCode\":\"no error\",\"QDCount\":1,\"ANCount\":0,\"NSCount\":0,"
                + "\"ARCount\":0,\"questions\":[{\"name\":\"%s\",\"type\":\"A\","
                + "\"class\":\"IN\"}],\"answers\":[%s],\"authorities\":[],\"additionals\":[]}")
            .formatted(random.nextInt(65_536), random.nextInt(2), name, answers));
  }

  private void clone(EventText event) {
    event.begin(56, "clone", "clone", 1_000 + random.nextInt(4_000_000));
    event.string("flags", "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM");
    event.pointer("stack", 0x7f00_0000_0000L + random.nextInt());
    event.pointer("parent_tid", 0x7f00_0000_0000L + random.nextInt());
    event.pointer("child_tid", 0x7f00_0000_0000L + random.nextInt());
    event.u64("tls", 139_000_000_000_000L);
  }

  private void execve(EventText event) {
    String[] command = oneOf(COMMANDS);
    event.begin(59, "execve", "execve", result(9));
    event.string("pathname", "/usr/bin/" + command[0]);
    event.strings("argv", command);
    event.raw("envp", "const char**", "null");
  }

  private void schedProcessExec(EventText event) {
    String[] command = oneOf(COMMANDS);
    event.begin(715, "sched_process_exec", "execve", 0);
    event.string("cmdpath", command[0]);
    event.string("pathname", "/usr/bin/" + command[0]);
    event.u32("dev", 66_305);
    event.u64("inode", random.nextLong(1L << 34));
    event.u64("ctime", 1_763_000_000_000_000_000L + random.nextLong(1L << 48));
    event.s32("inode_mode", 33_261);
    event.string("interpreter_pathname", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
    event.strings("argv", command);
    event.string("interp", "/usr/bin/" + command[0]);
    event.string("stdin_type", "S_IFIFO");
    event.string("stdin_path", "pipe:[" + random.nextInt(900_000) + "]");
    event.raw("invoked_from_kernel", "bool", "false");
    event.string("prev_comm", "sh");
    event.strings(
        "env",
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOSTNAME=orders-7d9f8c6b5-x2v4q",
        "LANG=de_DE.UTF-8",
        "GREETING=Grüße <b>&amp;</b>",
        "KUBERNETES_SERVICE_HOST=10.96.0.1");
  }

  private void schedProcessExit(EventText event) {
    event.begin(716, "sched_process_exit", "exit_group", 0);
    event.s32("exit_code", random.nextInt(6) == 0 ? 1 : 0);
    event.raw("process_group_exit", "bool", random.nextBoolean() ? "true" : "false");
  }

  private void newfstatat(EventText event) {
    event.begin(262, "newfstatat", "newfstatat", result(3));
    event.s32("dirfd", -100);
    event.string("pathname", oneOf(PATHS));
    event.pointer("statbuf", 0x7f00_0000_0000L + random.nextInt());
    event.string("flags", "AT_SYMLINK_NOFOLLOW");
  }

  private void unlinkat(EventText event) {
    event.begin(263, "unlinkat", "unlinkat", result(5));
    event.s32("dirfd", -100);
    event.string("pathname", oneOf(PATHS));
    event.s32("flags", 0);
  }

  private void vfsWrite(EventText event) {
    event.begin(704, "vfs_write", "write", 100 + random.nextInt(8_000));
    event.string("pathname", oneOf(PATHS));
    event.u32("dev", 66_305);
    event.u64("inode", random.nextLong(1L << 34));
    event.u64("count", 8_192);
    event.u64("pos", random.nextLong(1L << 30));
  }

  private void capCapable(EventText event) {
    event.begin(725, "cap_capable", random.nextBoolean() ? "prctl" : "finit_module", 0);
    event.string("cap", random.nextInt(4) == 0 ? "CAP_SYS_MODULE" : "CAP_NET_ADMIN");
  }

  private String address() {
    return "{\"sa_family\":\"AF_INET\",\"sin_addr\":\"10.%d.%d.%d\",\"sin_port\":\"%d\"}"
        .formatted(
            random.nextInt(256),
            random.nextInt(256),
            random.nextInt(256),
            random.nextBoolean() ? 443 : 5432);
  }

  private static String path(String module) {
    return "/usr/lib/modules/6.1.0-31-amd64/kernel/drivers/net/%s.ko".formatted(module);
  }

  private static String firmware() {
    return "/usr/lib/firmware/intel/ibt-20-1-3.sfi";
  }

  /** Returns 0, or once in {@code failsOneIn} calls a negative errno. */
  private int result(int failsOneIn) {
    return random.nextInt(failsOneIn) == 0 ? -2 : 0;
  }

  private <T> T oneOf(T[] choices) {
    return choices[random.nextInt(choices.length)];
  }
}
