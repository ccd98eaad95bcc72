package org.kmodwatch.history;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A load record as JSON, with what can be asked for.
 *
 * @param n its number, of which its id is made
 */
record TestLoad(
    int n,
    Instant time,
    boolean preExisting,
    @Nullable String name,
    @Nullable String sha256,
    @Nullable String decompressed,
    @Nullable String signature,
    @Nullable String signer,
    String outcome,
    @Nullable String asked,
    @Nullable String loader,
    @Nullable String place,
    @Nullable String path) {

  static final Instant START = Instant.parse("2026-11-01T00:00:00Z");

  /** A distribution's own, loaded by modprobe {@code n} seconds after {@link #START}. */
  static TestLoad ordinary(int n) {
    return new TestLoad(
        n,
        START.plusSeconds(n),
        false,
        "dummy",
        hash(n % 50),
        null,
        "valid",
        "Debian Secure Boot CA",
        "loaded",
        null,
        "/usr/bin/kmod",
        "distribution",
        "/usr/lib/modules/6.12.0/kernel/drivers/net/dummy.ko");
  }

  /** One in which everything is drawn, some of it often and some seldom. */
  static TestLoad random(int n, Random random) {
    String place = one(random, "distribution", "distribution", "distribution", "temporary", "home");
    boolean file = random.nextInt(8) > 0;
    String name =
        random.nextInt(20) == 0
            ? null
            : one(random, "dummy", "nf_tables", "nf_nat", "snd", "evil", "x\"y\\z\u00e9\n", "*");
    boolean signed = random.nextInt(4) > 0;
    return new TestLoad(
        n,
        START.plusSeconds(random.nextInt(100_000)),
        random.nextInt(10) == 0,
        name,
        random.nextInt(5) == 0 ? null : hash(random.nextInt(30)),
        random.nextInt(5) == 0 ? hash(random.nextInt(30)) : null,
        random.nextInt(5) == 0 ? null : signed ? "valid" : "unsigned",
        signed ? one(random, "Debian Secure Boot CA", "Build time key") : null,
        random.nextInt(12) == 0 ? one(random, "refused", "failed", "unloaded") : "loaded",
        random.nextInt(4) == 0 ? one(random, "/usr/sbin/iptables", "/tmp/iptables") : null,
        random.nextInt(10) == 0 ? null : one(random, "/usr/bin/kmod", "insmod"),
        file ? place : null,
        file ? "/" + place + "/" + one(random, "a.ko", "b.ko.xz") : null);
  }

  private static String one(Random random, String... values) {
    return values[random.nextInt(values.length)];
  }

  /** A hash that begins with two digits of {@code n}. */
  static String hash(int n) {
    return String.format(Locale.ROOT, "%02x%062x", n, 0xabcdefL);
  }

  String id() {
    return "id-" + n;
  }

  /** Whoever asked for it. */
  @Nullable String requester() {
    return asked == null ? loader : asked;
  }

  byte[] json() {
    var json = new StringBuilder("{\"schema\":\"kmodwatch.load/1\"");
    json.append(",\"id\":\"").append(id()).append("\",\"time\":\"").append(time).append('"');
    json.append(",\"action\":\"").append(outcome.equals("unloaded") ? "unload" : "load");
    json.append("\",\"outcome\":\"").append(outcome).append('"');
    json.append(",\"route\":{\"syscall\":\"finit_module\"");
    json.append(asked == null ? "" : ",\"autoload\":true");
    json.append(place == null ? ",\"memoryOnly\":true}" : "}");
    json.append(",\"module\":{").append(name == null ? "" : "\"name\":" + string(name)).append('}');
    if (sha256 != null || signature != null || decompressed != null) {
      json.append(",\"image\":{");
      if (sha256 != null) {
        json.append("\"sha256\":\"").append(sha256).append("\",");
      }
      json.append("\"sizeBytes\":9,\"source\":\"kernel\",\"complete\":true");
      if (decompressed != null) {
        json.append(",\"decompressed\":{\"sha256\":\"").append(decompressed);
        json.append("\",\"sizeBytes\":9}");
      }
      if (signature != null) {
        json.append(",\"signature\":{\"status\":\"").append(signature).append('"');
        json.append(signer == null ? "" : ",\"signer\":" + string(signer)).append('}');
      }
      json.append('}');
    }
    if (path != null) {
      json.append(",\"file\":{\"path\":").append(string(path));
      json.append(",\"device\":1,\"inode\":2,\"place\":\"").append(place).append("\"}");
    }
    if (loader != null) {
      json.append(",\"loader\":").append(process(loader));
    }
    if (asked != null) {
      json.append(",\"requester\":{\"alias\":\"net-pf-38\",").append(process(asked).substring(1));
    }
    json.append(preExisting ? ",\"preExisting\":true" : "").append(",\"repeats\":1}");
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** One without a slash is a name alone. */
  private static String process(String program) {
    String exe = program.startsWith("/") ? ",\"exe\":" + string(program) : "";
    return "{\"pid\":4,\"tid\":4,\"parentPid\":1,\"hostPid\":4,\"comm\":\"%s\"%s,\"uid\":0}"
        .formatted(program.startsWith("/") ? "x" : program, exe);
  }

  private static String string(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + "\"";
  }
}
