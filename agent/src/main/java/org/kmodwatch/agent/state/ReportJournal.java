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
 * Which attempts have their record written, of those whose events are still in the pinned rings: an
 * agent that comes after one that was killed reads them again, and tells none of them twice.
 *
 * <p>A file of lines: first the version and whether the file is whole; then {@code ID} before a
 * record is written, {@code .} once all before it have been handed on. A record that was made
 * before its call returned is {@code ~ID}: another one is to come. It is not synced to disk: rings
 * and journal both outlive a process, and both end with the machine. One agent at a time: the file
 * is locked.
 *
 * <p>No error of the disk ends the agent, neither at the start nor later. While the file cannot be
 * written, {@link #faults} says so, the ids are kept in memory, and {@link #tick} tries to write
 * them. A file that has holes for that reason is marked as such if the disk takes a byte. An agent
 * that finds it, or finds nothing that it can read or write, has a doubt about every attempt from
 * before its start: a record that comes twice, under one id, is better than one that does not come.
 */
public final class ReportJournal implements AutoCloseable {

  private static final String FILE = "reported";
  private static final String HANDED_ON = ".";

  /** Of the same length, so that one can be written over the other on a full disk. */
  private static final String WHOLE = "kmodwatch-reported/1 whole\n";

  private static final String HOLES = "kmodwatch-reported/1 holes\n";

  private static final Pattern HEADER = Pattern.compile("kmodwatch-reported/([0-9]+) .*");

  /** What {@link Identity#recordId} makes of our sensor's events. */
  static final Pattern ID = Pattern.compile("[0-9a-f]{1,16}-[0-9a-f]{1,8}");

  /** Before the id of an attempt whose record was made before its call returned. */
  private static final String FIRST = "~";

  /** Several times what can be told of while the rings hold it. */
  private static final int MAX_BYTES = 4 << 20;

  /** From one try to write again to the next. */
  private static final long RETRY_NANOS = 5_000_000_000L;

  private static final String KILLED =
      "may have been told before: Kmodwatch was killed as it told it";

  /** Why a record may be the second of its id, where the state says nothing. */
  public static final String UNKNOWN =
      "may have been told before: what was told is not known, since the state could not be read or"
          + " written";

  /** The same of a module that is in a record, where another may have taken its place. */
  public static final String UNSEEN =
      "may have been told before: another of its name may have come in while nothing watched";

  private final Path folder;
  private final Opener opener;
  private final Consumer<String> notes;
  private final LongSupplier nanoClock;
  private final Set<String> told = new HashSet<>();
  private final Set<String> doubtful = new HashSet<>();

  /** Of this agent: handed on since the last {@link #clear}, and not handed on yet. */
  private final Set<String> settled = new HashSet<>();

  private final Set<String> now = new HashSet<>();
  private @Nullable FileChannel file;
  private @Nullable String failure;
  private long triedNanos;
  private boolean unknown;
  private boolean empty;

  /** Whether there was none before. */
  private boolean isNew;

  /** Whether the file that was read ends in the middle of a line. */
  private boolean torn;

  private ReportJournal(
      Path folder, Opener opener, Consumer<String> notes, LongSupplier nanoClock) {
    this.folder = folder;
    this.opener = opener;
    this.notes = notes;
    this.nanoClock = nanoClock;
  }

  /** Opens the file; in tests, another one. */
  interface Opener {
    /** Opens {@code path}. */
    FileChannel open(Path path, Set<? extends OpenOption> options) throws IOException;
  }

  /**
   * Opens the journal of a folder, making both if need be. What is there and is none, or is a later
   * version's, is set aside.
   *
   * @param notes takes lines for a person
   * @param nanoClock System::nanoTime
   * @throws CommandException if another agent uses it
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

  /** The folder that it is in, and locks against other agents. */
  public Path folder() {
    return folder;
  }

  /** What stands for a record of the attempt {@code id} that another one is to replace. */
  public static String firstOf(String id) {
    return FIRST + id;
  }

  /** Whether the record of an attempt was written by an agent before this one. */
  public boolean isTold(String id) {
    return told.contains(id);
  }

  /** The same, or whether it may have been. */
  public boolean mayBeTold(String id) {
    return told.contains(id) || doubtful.contains(id);
  }

  /**
   * Why an agent before this one may have written the record of an attempt; empty if none has.
   *
   * @param before whether the attempt began before this agent started
   */
  public Optional<String> doubtOf(String id, boolean before) {
    if (doubtful.contains(id)) {
      return Optional.of(KILLED);
    }
    return unknown && before ? Optional.of(UNKNOWN) : Optional.empty();
  }

  /** A record that may be the second of its id, with the reason in the gap {@code id}. */
  public static LoadRecord perhapsToldBefore(LoadRecord record, String why) {
    return record.withGap(new LoadRecord.Gap("id", why));
  }

  /** Notes that the rings hold what others left, who kept a journal of what they told. */
  public void resumed() {
    unknown |= isNew;
  }

  /** Whether more may have been told by agents before this one than is known. */
  public boolean hasHoles() {
    return unknown;
  }

  /** Notes that the record of an attempt is about to be written. */
  public void telling(String id) {
    now.add(id);
    append(id + "\n");
  }

  /** How many were told and not handed on: what would be told again after a kill. */
  public int unsettled() {
    return now.size();
  }

  /** Notes that all of them have been handed on. */
  public void handedOn() {
    if (!now.isEmpty()) {
      append(HANDED_ON + "\n");
      settled.addAll(now);
      now.clear();
    }
  }

  /** Forgets all: the rings have none of their events any more. */
  public void clear() {
    told.clear();
    doubtful.clear();
    // Also what an output has not accepted, which may be much by then: nobody reads it again.
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

  /** Tries to write again, if it is time to and it failed before. */
  public void tick() {
    long time = nanoClock.getAsLong();
    if (failure != null && time - triedNanos >= RETRY_NANOS) {
      triedNanos = time;
      recover();
    }
  }

  /** What does not work now: the part {@code state}, or nothing. */
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

  /** What was told before the disk became read-only still holds. */
  private void readOnly() {
    if (file != null) {
      return;
    }
    try (FileChannel opened =
        opener.open(
            folder.resolve(FILE), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      boolean ignored = read(opened);
    } catch (IOException e) {
      // Then nothing is known, as it is marked.
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

  /** A full disk often takes what only replaces other bytes. */
  private static void markHoles(FileChannel open) {
    try {
      if (open.size() >= HOLES.length()) {
        StateFiles.write(open, 0, HOLES);
      }
    } catch (IOException e) {
      // Then the next agent finds the disk as it is now, or has no doubts. No way to tell it.
    }
  }

  /** Writes the whole file anew, from memory. */
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
      told.forEach(id -> text.append(id).append('\n'));
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

  /** Whether the file is a later version's, of which nothing was taken then. */
  private boolean read(FileChannel open) throws IOException {
    var bytes = ByteBuffer.allocate((int) Math.min(open.size(), MAX_BYTES));
    while (bytes.hasRemaining() && open.read(bytes, bytes.position()) > 0) {
      // Until all is there.
    }
    String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    torn = !text.isEmpty() && !text.endsWith("\n");
    unknown |= open.size() > MAX_BYTES;
    // A line without its end was being written when the agent was killed: nothing came of it.
    for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n", -1)) {
      Matcher header = HEADER.matcher(line);
      if (header.matches()) {
        if (!header.group(1).equals("1")) {
          return true;
        }
        unknown |= !WHOLE.equals(line + "\n");
      } else if (line.equals(HANDED_ON)) {
        told.addAll(doubtful);
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
      // As another's.
    }
    opened.close();
    throw new CommandException(
        ExitStatus.TEMPORARY,
        "another kmodwatch uses --state %s: give each its own, or stop that one".formatted(folder));
  }

  /** Java's message of a file is its path alone. */
  private static String reason(IOException e) {
    if (e instanceof FileSystemException file) {
      return file.getReason() == null ? file.getClass().getSimpleName() : file.getReason();
    }
    return String.valueOf(e.getMessage());
  }
}
