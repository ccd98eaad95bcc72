package org.kmodwatch.agent.policy;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.config.YamlText;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.LoadRecord.ModuleSignature;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;
import org.kmodwatch.core.load.LoadRecord.Place;
import org.kmodwatch.core.signature.SignatureMetadata;

/**
 * Proposes rules from loads. A rule describes the trust in a module: the key that signed it, or its
 * package, and its place. A person must decide on modules without a trusted key or package.
 *
 * <p>For maintainers: an attacker may load a module during learning, so that it passes later. So a
 * process's name is not used, and a load that stands out is not used either.
 */
public final class Learner {

  /**
   * The highest severity of findings that may be ordinary, for example for a module that is not in
   * tree.
   */
  private static final int ORDINARY = 1;

  /** The finding that every load raises. */
  private static final String LOADING = "TRC-1017";

  private static final Duration VALID_FOR = Duration.ofDays(365);
  private static final int NAMES_SHOWN = 8;

  /** About how much of the heap names, signers and hashes may take. A year's take some KiB. */
  private static final long MAX_BYTES = 16L << 20;

  private static final long BYTES_OF_A_TEXT = 112;
  private static final long BYTES_OF_A_GROUP = 640;
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("uuuu-MM-dd", Locale.ROOT).withZone(ZoneOffset.UTC);

  private final Function<LoadRecord, List<SignatureMetadata>> signatures;
  private final Map<Group, Seen> groups = new LinkedHashMap<>();
  private final Map<String, Integer> left = new TreeMap<>();
  private int loads;
  private int covered;
  private long bytes;

  /** The reason for trust in a module, and its place. */
  private sealed interface Group {

    /** Returns about how many bytes of the heap the group takes without any load. */
    long bytes();

    /**
     * A key that the kernel trusts, for a module of the kernel's own tree or for another module.
     */
    record Signed(String signer, boolean intree, Place place) implements Group {
      @Override
      public long bytes() {
        return BYTES_OF_A_GROUP + signer.length();
      }
    }

    /** A package with an unchanged file, but without a trusted key. */
    record Packaged(String manager, String name, Place place) implements Group {
      @Override
      public long bytes() {
        return BYTES_OF_A_GROUP + manager.length() + name.length();
      }
    }
  }

  /** The loads of a group. */
  private static final class Seen {
    private final TreeSet<String> names = new TreeSet<>();
    private final TreeSet<String> hashes = new TreeSet<>();
    private final TreeSet<String> findings = new TreeSet<>();
    private final TreeSet<String> packages = new TreeSet<>();
    private boolean allPackaged = true;
    private int count;
    private long firstNanos = Long.MAX_VALUE;
    private long lastNanos = Long.MIN_VALUE;
  }

  /**
   * Creates a learner without loads.
   *
   * @param signatures returns the signatures that matched a load
   */
  public Learner(Function<LoadRecord, List<SignatureMetadata>> signatures) {
    this.signatures = signatures;
  }

  /** Adds a load. Ignores unloads and modules from before the start. */
  public void load(LoadRecord load) {
    if (load.action() != LoadRecord.Action.LOAD || load.preExisting()) {
      return;
    }
    loads++;
    String objection = objection(load);
    if (objection == null) {
      Optional<Group> group = group(load);
      if (group.isPresent() && learn(group.get(), load)) {
        covered++;
        return;
      }
      objection =
          group.isPresent()
              ? "past the %d MiB of names, signers and hashes that are learned at once"
                  .formatted(MAX_BYTES >> 20)
              : "neither signed by a trusted key nor of a package that is as it was shipped";
    }
    left.merge(objection, 1, Integer::sum);
  }

  /** Returns why {@code load} must not lead to a rule; null if it may. */
  private @Nullable String objection(LoadRecord load) {
    LoadRecord.ModuleFile file = load.file();
    if (load.outcome() != LoadRecord.Outcome.LOADED) {
      return "refused or failed";
    }
    if (load.route().memoryOnly() || file == null) {
      return "from memory, or from a file that is not known";
    }
    if (file.place() != Place.DISTRIBUTION && file.place() != Place.UPDATES) {
      return "from a place where modules do not belong";
    }
    if (load.image() == null || load.image().sha256() == null) {
      return "its bytes are not known";
    }
    return signatures.apply(load).stream()
        .filter(finding -> !finding.id().equals(LOADING) && finding.severity() > ORDINARY)
        .findFirst()
        .map(finding -> "with the finding %s %s".formatted(finding.id(), finding.name()))
        .orElse(null);
  }

  private static Optional<Group> group(LoadRecord load) {
    LoadRecord.ModuleFile file = load.file();
    LoadRecord.Image image = load.image();
    if (file == null || image == null) {
      return Optional.empty();
    }
    ModuleSignature signature = image.signature();
    if (signature != null
        && signature.status() == ModuleSignature.Status.VALID
        && signature.signer() != null) {
      boolean intree = Boolean.TRUE.equals(load.module().intree());
      return Optional.of(new Group.Signed(signature.signer(), intree, file.place()));
    }
    PackageOwner owner = file.owner();
    return owner != null && Boolean.FALSE.equals(owner.changed())
        ? Optional.of(new Group.Packaged(owner.manager(), owner.name(), file.place()))
        : Optional.empty();
  }

  /** Adds a load to a group. Returns false if there is no room for its new texts. */
  private boolean learn(Group group, LoadRecord load) {
    Seen known = groups.get(group);
    Seen seen = known == null ? new Seen() : known;
    String name = load.module().name() == null ? "?" : load.module().name();
    LoadRecord.Image image = load.image();
    String hash = image == null ? null : image.sha256();
    PackageOwner owner = load.file() == null ? null : load.file().owner();
    long more =
        (known == null ? group.bytes() : 0)
            + bytesIfNew(seen.names, name)
            + bytesIfNew(seen.hashes, hash)
            + bytesIfNew(seen.packages, owner == null ? null : owner.name());
    if (bytes + more > MAX_BYTES) {
      return false;
    }
    bytes += more;
    groups.putIfAbsent(group, seen);
    seen.count++;
    seen.firstNanos = Math.min(seen.firstNanos, load.timeNanos());
    seen.lastNanos = Math.max(seen.lastNanos, load.timeNanos());
    seen.findings.addAll(load.findings());
    seen.names.add(name);
    if (hash != null) {
      seen.hashes.add(hash);
    }
    if (owner == null) {
      seen.allPackaged = false;
    } else {
      seen.packages.add(owner.name());
    }
    return true;
  }

  private static long bytesIfNew(Set<String> known, @Nullable String text) {
    return text == null || known.contains(text) ? 0 : BYTES_OF_A_TEXT + text.length();
  }

  /**
   * Returns the rules, as a file for {@code --policy}.
   *
   * @param now the time; the rules expire a year later
   */
  public String proposal(Instant now) {
    var text = new StringBuilder();
    text.append("# Proposed by kmodwatch policy learn on ")
        .append(DATE.format(now))
        .append(" from ")
        .append(loads)
        .append(loads == 1 ? " load" : " loads")
        .append(". Read every rule: what was loaded\n")
        .append("# while it learned is taken for ordinary. Then fill in the owners.\n");
    if (groups.isEmpty()) {
      return text.append("policy: []\n").toString();
    }
    text.append("policy:\n");
    int number = 1;
    for (var entry : groups.entrySet()) {
      rule(text, number++, entry.getKey(), entry.getValue(), now);
    }
    return text.toString();
  }

  private static void rule(StringBuilder text, int number, Group group, Seen seen, Instant now) {
    String title;
    var conditions = new ArrayList<String>();
    conditions.add("action == \"load\" && outcome == \"loaded\"");
    switch (group) {
      case Group.Signed(String signer, boolean intree, Place place) -> {
        title = "signed by " + signer;
        conditions.add("image.signature.status == \"valid\"");
        conditions.add("image.signature.signer == " + YamlText.quoted(signer));
        conditions.add("file.place == " + YamlText.quoted(word(place)));
        if (intree) {
          conditions.add("module.intree");
          if (seen.allPackaged && seen.packages.size() == 1) {
            conditions.add(
                "file.package.name.startsWith(%s)"
                    .formatted(YamlText.quoted(stem(seen.packages.getFirst()))));
          }
        } else {
          conditions.add("module.name in " + listed(seen.names));
        }
      }
      case Group.Packaged(String manager, String name, Place place) -> {
        title = "of the package " + name;
        conditions.add("file.package.manager == " + YamlText.quoted(manager));
        conditions.add("file.package.name == " + YamlText.quoted(name));
        conditions.add("!file.package.changed");
        conditions.add("file.place == " + YamlText.quoted(word(place)));
        conditions.add("image.sha256 in " + listed(seen.hashes));
      }
    }
    // A load that stands out later must alert, even with a trusted key or package.
    conditions.add("findings.all(id, id in %s)".formatted(listed(seen.findings)));
    text.append(
        "\n  # %d loads from %s to %s: %s\n"
            .formatted(
                seen.count,
                DATE.format(Instant.ofEpochSecond(0, seen.firstNanos)),
                DATE.format(Instant.ofEpochSecond(0, seen.lastNanos)),
                names(seen)));
    text.append("  - name: ")
        .append(YamlText.quoted("learned-%d %s".formatted(number, title)))
        .append('\n');
    text.append("    owner: ").append(YamlText.quoted("FILL IN")).append('\n');
    text.append("    reason: ")
        .append(
            YamlText.quoted(
                "Seen %d times; who vouches for it is in the condition.".formatted(seen.count)))
        .append('\n');
    text.append("    expires: ").append(DATE.format(now.plus(VALID_FOR))).append('\n');
    text.append("    when: |-\n      ").append(String.join("\n      && ", conditions)).append('\n');
    text.append("    verdict: expected\n");
  }

  private static String names(Seen seen) {
    String shown = seen.names.stream().limit(NAMES_SHOWN).collect(Collectors.joining(", "));
    int more = seen.names.size() - NAMES_SHOWN;
    String text = more > 0 ? "%s and %d more".formatted(shown, more) : shown;
    // Anybody can choose a module's name, and it must not end the comment.
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  /** Returns a package's name up to its version: linux-image-6.12… becomes linux-image-. */
  private static String stem(String packageName) {
    for (int i = 1; i < packageName.length(); i++) {
      if (Character.isDigit(packageName.charAt(i)) && packageName.charAt(i - 1) == '-') {
        return packageName.substring(0, i);
      }
    }
    return packageName;
  }

  private static String word(Place place) {
    return place.name().toLowerCase(Locale.ROOT);
  }

  private static String listed(Set<String> texts) {
    return texts.stream().map(YamlText::quoted).collect(Collectors.joining(", ", "[", "]"));
  }

  /** Returns one line with the number of proposed rules and of loads left to a person. */
  public String summary() {
    String what =
        "%d of %d loads covered by %d proposed rules".formatted(covered, loads, groups.size());
    return left.isEmpty()
        ? what
        : what
            + "; left to you: "
            + left.entrySet().stream()
                .map(entry -> "%d %s".formatted(entry.getValue(), entry.getKey()))
                .collect(Collectors.joining(", "));
  }
}
