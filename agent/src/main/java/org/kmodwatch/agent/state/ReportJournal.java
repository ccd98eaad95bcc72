package org.kmodwatch.agent.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.agent.shell.CommandException;
import org.kmodwatch.agent.shell.ExitStatus;
import org.kmodwatch.core.load.Identity;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.history.store.PrivateFolder;
import org.kmodwatch.sensor.SensorFault;

/**
 * Keeps the attempts that are reported while their events are still in the pinned rings. After a
 * kill, the next agent reads these events again, and must not report an attempt twice.
 *
 * <p>The file has lines. The first line is the version, and whether the file is whole. {@code ID}
 * is written before a record is reported. {@code .} means that the outputs accepted all records
 * before it. {@code ~ID} is a record that was made before its call returned; another record will
 * follow. The file is not synced to disk, because rings and journal both outlive a process and end
 * with the machine. The file is locked: one agent at a time.
 *
 * <p>No disk error ends the agent, at the start or later. While the file cannot be written, {@link
 * #faults} reports it, the ids are kept in memory, and {@link #tick} retries. Such a file misses
 * ids, and is marked {@code holes} if the disk accepts the mark. After such a file, or one that it
 * cannot read or write, an agent doubts every attempt from before its start. It then reports a
 * record twice under one id rather than never.
 */
public final class ReportJournal implements AutoCloseable {

  private static final String FILE = "reported";
  private static final String HANDED_ON = ".";

  /** The headers have the same length, so that one can replace the other on a full disk. */
  private static final String WHOLE = "kmodwatch-reported/1 whole\n";

  private static final String HOLES = "kmodwatch-reported/1 holes\n";

  private static final Pattern HEADER = Pattern.compile("kmodwatch-reported/([0-9]+) .*");

  /** Matches the ids that {@link Identity#recordId} makes for our sensor's events. */
  static final Pattern ID = Pattern.compile("[0-9a-f]{1,16}-[0-9a-f]{1,8}");

  /** Precedes the id of an attempt whose record was made before its call returned. */
  private static final String FIRST = "~";

  /** Several times the size needed for the attempts that fit in the rings. */
  private static final int MAX_BYTES = 4 << 20;

  /** The time between two attempts to write again. */
  private static final long RETRY_NANOS = 5_000_000_000L;

  private static final String KILLED =
      "may have been told before: Kmodwatch was killed as it told it";

  /** The doubt about a record if the state is unknown. */
  public static final String UNKNOWN =
      "may have been told before: what was told is not known, since the state could not be read or"
          + " written";

  /** The doubt about a module that has a record, but may have been replaced by another one. */
  public static final String UNSEEN =
      "may have been told before: another of its name may have come in while nothing watched";

  private final Path folder;
  private final Opener opener;
  private final Consumer<String> notes;
  private final LongSupplier nanoClock;
  private final Set<String> reported = new HashSet<>();
  private final Set<String> doubtful = new HashSet<>();

  /**
   * This agent's ids since the last {@link #clear}. The outputs have accepted those in {@code
   * settled}, but not yet those in {@code now}.
   */
  private final Set<String> settled = new HashSet<>();

  private final Set<String> now = new HashSet<>();
  private @Nullable FileChannel file;
  private @Nullable String failure;
  private long triedNanos;
  private boolean unknown;
  private boolean empty;

  /** Whether this agent created the file. */
  private boolean isNew;

  /** Whether the file ended in an unfinished line when it was read. */
  private boolean torn;

  private ReportJournal(
      Path folder, Opener opener, Consumer<String> notes, LongSupplier nanoClock) {
    this.folder = folder;
    this.opener = opener;
    this.notes = notes;
    this.nanoClock = nanoClock;
  }

  /** Opens the file. Tests replace it. */
  interface Opener {
    /** Opens {@code path}. */
    FileChannel open(Path path, Set<? extends OpenOption> options) throws IOException;
  }

  /**
   * Opens the journal of a folder. Creates both if they are missing. Renames a file that is not a
   * journal, or is of a later version.
   *
   * @param notes takes messages for a person
   * @param nanoClock System::nanoTime
   * @throws CommandException if another agent uses the journal
   */
  public static ReportJournal open(Path folder, Consumer<String> notes, LongSupplier nanoClock) {
    return open(folder, StateFiles::open, notes, nanoClock);
  }

  public static ReportJournal open(
      Path folder, Opener opener, Consumer<String> notes, LongSupplier nanoClock) {
    var journal = new ReportJournal(folder, opener, notes, nanoClock);
    journal.begin();
    return journal;
  }

  /** Returns the journal's folder, which it locks against other agents. */
  public Path folder() {
    return folder;
  }

  /**
   * Returns the entry for a first record of the attempt {@code id}, which another record will
   * replace.
   */
  public static String firstOf(String id) {
    return FIRST + id;
  }

  /** Returns whether an earlier agent reported the attempt. */
  public boolean isReported(String id) {
    return reported.contains(id);
  }

  /** Returns whether an earlier agent reported the attempt or may have reported it. */
  public boolean mayBeReported(String id) {
    return reported.contains(id) || doubtful.contains(id);
  }

  /**
   * Returns why an earlier agent may have reported an attempt; empty if there is no doubt.
   *
   * @param before whether the attempt began before this agent started
   */
  public Optional<String> doubtOf(String id, boolean before) {
    if (doubtful.contains(id)) {
      return Optional.of(KILLED);
    }
    return unknown && before ? Optional.of(UNKNOWN) : Optional.empty();
  }

  /**
   * Returns the record with a gap {@code id}, which says why it may be the second one of its id.
   */
  public static LoadRecord possiblyReportedBefore(LoadRecord record, String why) {
    return record.withGap(new LoadRecord.Gap("id", why));
  }

  /** Notes that the rings hold events of an earlier agent that kept a journal. */
  public void resumed() {
    unknown |= isNew;
  }

  /** Returns whether earlier agents may have reported attempts that are not known here. */
  public boolean hasHoles() {
    return unknown;
  }

  /** Notes that an attempt is about to be reported. */
  public void note(String id) {
    now.add(id);
    append(id + "\n");
  }

  /**
   * Returns the number of reported records that the outputs have not accepted yet. A kill would
   * repeat them.
   */
  public int unsettled() {
    return now.size();
  }

  /** Notes that the outputs have accepted all reported records. */
  public void settle() {
    if (!now.isEmpty()) {
      append(HANDED_ON + "\n");
      settled.addAll(now);
      now.clear();
    }
  }

  /** Forgets all attempts, because the rings hold none of their events any more. */
  public void clear() {
    reported.clear();
    doubtful.clear();
    // Includes records that an output has not accepted, which may be many. No agent will read their
    // events again.
    now.clear();
    settled.clear();
    unknown = false;
    if (failure == null && !empty) {
      attempt(
          open -> {
            open.truncate(WHOLE.length());
            StateFiles.write(open, 0, WHOLE);
            empty = true;
          });
    }
  }

  /** Retries the write after a failure, if it is time to. */
  public void tick() {
    long time = nanoClock.getAsLong();
    if (failure != null && time - triedNanos >= RETRY_NANOS) {
      triedNanos = time;
      recover();
    }
  }

  /** Returns the current fault: the part {@code state}, or an empty list. */
  public List<SensorFault> faults() {
    return failure == null
        ? List.of()
        : List.of(
            new SensorFault(
                "state",
                "cannot write %s: %s; what is told from now on may be told again after a kill"
                    .formatted(folder.resolve(FILE), failure)));
  }

  @Override
  public void close() throws IOException {
    FileChannel open = file;
    file = null;
    if (open != null) {
      open.close();
    }
  }

  private void begin() {
    try {
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      setAsideUnlessRegular();
      FileChannel opened = openToWrite();
      file = opened;
      isNew = opened.size() == 0;
      if (opened.size() > MAX_BYTES) {
        close();
        setAside("unusable", "is larger than any that this program writes");
        opened = openToWrite();
        file = opened;
      } else if (read(opened)) {
        close();
        setAside("later", "is a later version's");
        opened = openToWrite();
        file = opened;
      }
      if (opened.size() == 0) {
        StateFiles.write(opened, 0, WHOLE);
        empty = true;
      } else if (torn) {
        StateFiles.write(opened, opened.size(), "\n");
      }
    } catch (IOException e) {
      fails(e);
      readOnly();
      unknown = true;
    }
  }

  private FileChannel openToWrite() throws IOException {
    FileChannel opened = opener.open(folder.resolve(FILE), PrivateFolder.TO_READ_AND_WRITE);
    lock(opened);
    return opened;
  }

  /** Reads the entries of a read-only disk, which still hold. */
  private void readOnly() {
    if (file != null) {
      return;
    }
    try (FileChannel opened =
        opener.open(
            folder.resolve(FILE), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      boolean ignored = read(opened);
    } catch (IOException e) {
      // Every attempt is doubtful then; the caller marks that.
    }
  }

  private void setAsideUnlessRegular() throws IOException {
    Path path = folder.resolve(FILE);
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        && !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      setAside("unusable", "is not a regular file");
    }
  }

  private void setAside(String ending, String why) throws IOException {
    Path path = folder.resolve(FILE);
    Path aside = folder.resolve(FILE + "." + ending);
    Files.move(path, aside, StandardCopyOption.ATOMIC_MOVE);
    unknown = true;
    notes.accept(
        "state: %s %s, kept as %s; what was told before may be told again, marked as such"
            .formatted(path, why, aside));
  }

  private void append(String text) {
    empty = false;
    if (failure == null) {
      attempt(open -> StateFiles.write(open, open.size(), text));
    }
  }

  private interface Work {
    void on(FileChannel open) throws IOException;
  }

  private void attempt(Work work) {
    FileChannel open = file;
    if (open == null) {
      return;
    }
    try {
      work.on(open);
    } catch (IOException e) {
      fails(e);
      markHoles(open);
    }
  }

  private void fails(IOException e) {
    failure = reason(e);
    triedNanos = nanoClock.getAsLong();
  }

  /** Marks the file as incomplete. A full disk often accepts a write that only replaces bytes. */
  private static void markHoles(FileChannel open) {
    try {
      if (open.size() >= HOLES.length()) {
        StateFiles.write(open, 0, HOLES);
      }
    } catch (IOException e) {
      // The next agent has no doubts then, unless it finds the disk still failing.
    }
  }

  /** Rewrites the whole file from memory. */
  private void recover() {
    try {
      close();
      Files.createDirectories(
          folder,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      FileChannel open = openToWrite();
      file = open;
      open.truncate(0);
      var text = new StringBuilder(HOLES);
      reported.forEach(id -> text.append(id).append('\n'));
      settled.forEach(id -> text.append(id).append('\n'));
      text.append(HANDED_ON).append('\n');
      doubtful.forEach(id -> text.append(id).append('\n'));
      now.forEach(id -> text.append(id).append('\n'));
      StateFiles.write(open, 0, text.toString());
      if (!unknown) {
        StateFiles.write(open, 0, WHOLE);
      }
      empty = false;
      failure = null;
    } catch (IOException e) {
      fails(e);
    } catch (CommandException anothers) {
      failure = String.valueOf(anothers.getMessage());
    }
  }

  /** Reads the file. Returns true if it is of a later version; then nothing is read. */
  private boolean read(FileChannel open) throws IOException {
    var bytes = ByteBuffer.allocate((int) Math.min(open.size(), MAX_BYTES));
    while (bytes.hasRemaining() && open.read(bytes, bytes.position()) > 0) {
      // Repeats until all bytes are read.
    }
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    torn = !text.isEmpty() && !text.endsWith("\n");
    unknown |= open.size() > MAX_BYTES;
    // The agent was killed while it wrote an unfinished last line, before the record was reported.
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n", -1)) {
      Matcher header = HEADER.matcher(line);
      if (header.matches()) {
        if (!header.group(1).equals("1")) {
          return true;
        }
        unknown |= !WHOLE.equals(line + "\n");
      } else if (line.equals(HANDED_ON)) {
        reported.addAll(doubtful);
        doubtful.clear();
      } else if (ID.matcher(line.startsWith(FIRST) ? line.substring(1) : line).matches()) {
        doubtful.add(line);
      } else if (!line.isEmpty()) {
        unknown = true;
      }
    }
    return false;
  }

  private void lock(FileChannel opened) throws IOException {
    try {
      if (opened.tryLock() != null) {
        return;
      }
    } catch (OverlappingFileLockException ours) {
      // This process holds the lock, which counts like another's.
    }
    opened.close();
    throw new CommandException(
        ExitStatus.TEMPORARY,
        "another kmodwatch uses --state %s: give each its own, or stop that one".formatted(folder));
  }

  /** Returns the reason without the path. Java's message may be the path alone. */
  private static String reason(IOException e) {
    if (e instanceof FileSystemException file) {
      return file.getReason() == null ? file.getClass().getSimpleName() : file.getReason();
    }
    return String.valueOf(e.getMessage());
  }
}
