package org.kmodwatch.agent.identity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext;
import org.kmodwatch.core.event.SensorContext.FileIdentity;
import org.kmodwatch.core.event.SensorContexts;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.ImageFacts;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.load.ModuleFileNames;
import org.kmodwatch.image.Compression;
import org.kmodwatch.image.ModuleImageLimits;
import org.kmodwatch.sensor.CapturedImage;
import org.kmodwatch.sensor.ImageReader;

/**
 * Describes each image that the kernel got: the module, its signer and its package. Keeps the image
 * if that is configured.
 *
 * <p>The facts and the owner are cached by the image's hash, up to a limit, because hosts load the
 * same few modules again and again.
 */
public final class LoadedImages implements ImageReader {

  /** The size of the caches. A host has some hundred modules. */
  static final int MAX_KNOWN = 512;

  private static final String FINIT_MODULE = "finit_module";
  private static final String INIT_MODULE = "init_module";

  /** The decompression time to save up, because the modules of a boot are loaded at once. */
  private static final Duration MOST_SAVED = Duration.ofSeconds(5);

  private final Path root;
  private final FileOwners owners;
  private final SameFile files;
  private final ModuleOrigin origin;
  private final @Nullable ImageStore store;
  private final ReadingMarks marks;
  private final InstantSource clock;
  private final LongSupplier nanoClock;
  private final DecompressionTime decompression;
  private final Consumer<String> complaints;
  private final Map<String, ModuleFacts> factsByHash = new RecentMap<>(MAX_KNOWN);
  private final Map<LoaderThread, FileIdentity> triedByThread = new RecentMap<>(MAX_KNOWN);
  private final Map<OwnerKey, Optional<LoadRecord.PackageOwner>> ownersByFile =
      new RecentMap<>(MAX_KNOWN);

  /**
   * Creates a reader.
   *
   * @param root the file system of this host
   * @param store keeps images; null if they are not kept
   * @param marks knows the images that must not be read
   * @param clock the time for the records
   * @param nanoClock a monotonic clock, in nanoseconds
   * @param complaints receives the reason why an image is not kept
   */
  public LoadedImages(
      Path root,
      @Nullable ImageStore store,
      ReadingMarks marks,
      InstantSource clock,
      LongSupplier nanoClock,
      Consumer<String> complaints) {
    this.root = root;
    this.owners = FileOwners.of(root);
    this.files = new SameFile(root);
    this.store = store;
    this.marks = marks;
    this.clock = clock;
    this.nanoClock = nanoClock;
    this.decompression = new DecompressionTime(nanoClock, MOST_SAVED);
    this.origin = new ModuleOrigin(files, marks, nanoClock);
    this.complaints = complaints;
  }

  /** A file, and its state when its package was looked up. */
  private record OwnerKey(String path, long inode, long ctimeNanos, String sha256) {}

  /** A thread of this host. A later thread with the same number differs. */
  private record LoaderThread(int hostThreadId, long startTimeNanos) {
    static LoaderThread of(Event event) {
      return new LoaderThread(
          event.process().hostThreadId(), event.process().threadStartTimeNanos());
    }
  }

  @Override
  public Event read(Event event, CapturedImage image) {
    try {
      return described(event, image);
    } catch (Throwable unforeseen) {
      // The record is written with the hash, whatever the image contains.
      CapturedImage.Bytes given = image.passed();
      return facts(
              new LoadRecord.Image(
                  given.sha256(),
                  given.sizeBytes(),
                  LoadRecord.Image.Source.KERNEL,
                  given.complete(),
                  null,
                  null,
                  null),
              null,
              null,
              null,
              List.of(
                  new LoadRecord.Gap(
                      "module",
                      "looking at the image ended in " + unforeseen.getClass().getSimpleName())))
          .describe(event);
    }
  }

  private Event described(Event event, CapturedImage image) {
    var gaps = new ArrayList<LoadRecord.Gap>();
    CapturedImage.Bytes given = image.passed();
    FileIdentity file = fileOf(event);
    if (file != null && event.syscall().equals(FINIT_MODULE)) {
      triedByThread.put(LoaderThread.of(event), file);
    }
    ImageFacts facts =
        given.sha256() == null
            ? ofFile(event, given.sizeBytes(), file, gaps)
            : ofKernel(event, image, given.sha256(), file, gaps);
    return facts.describe(event);
  }

  private ImageFacts ofKernel(
      Event event,
      CapturedImage image,
      String sha256,
      @Nullable FileIdentity file,
      List<LoadRecord.Gap> gaps) {
    CapturedImage.Bytes given = image.passed();
    CapturedImage.Bytes loaded = image.decompressed();
    ByteBuffer bytes = given.bytes();
    ByteBuffer plain = loaded == null ? null : loaded.bytes();
    ModuleFacts facts =
        bytes == null ? factsByHash.get(sha256) : parsed(event, sha256, bytes, plain);
    LoadRecord.Image.Decompressed decompressed =
        loaded == null || loaded.sha256() == null
            ? null
            : new LoadRecord.Image.Decompressed(loaded.sha256(), loaded.sizeBytes());
    if (loaded != null && loaded.sha256() == null) {
      gaps.add(
          new LoadRecord.Gap("image.decompressed", "not all of what the kernel made came through"));
    }
    String kept = keep(sha256, bytes, gaps);
    boolean fromMemory = event.syscall().equals(INIT_MODULE);
    FileIdentity from = fromMemory ? origin(event, file, sha256, bytes, gaps) : null;
    return facts(
        new LoadRecord.Image(
            sha256,
            given.sizeBytes(),
            LoadRecord.Image.Source.KERNEL,
            true,
            decompressed,
            signature(event, facts, gaps),
            kept),
        facts,
        from,
        owner(event, fromMemory ? from : file, sha256, bytes),
        gaps);
  }

  /**
   * Returns the file of a module in memory: the file that the loader has open, like libkmod, or the
   * file that the loader has just tried, like busybox.
   */
  private @Nullable FileIdentity origin(
      Event event,
      @Nullable FileIdentity open,
      String sha256,
      @Nullable ByteBuffer bytes,
      List<LoadRecord.Gap> gaps) {
    String problem = null;
    for (FileIdentity file : Arrays.asList(open, triedByThread.get(LoaderThread.of(event)))) {
      if (file == null) {
        continue;
      }
      ModuleOrigin.Answer answer = origin.compare(event, file, sha256, bytes);
      if (answer.same()) {
        return file.found(true);
      }
      if (answer.problem() != null) {
        problem = answer.problem();
      }
    }
    if (problem != null) {
      gaps.add(
          new LoadRecord.Gap(
              "file",
              "the loader had a module file, and whether the module is from it is not known: "
                  + problem));
    } else if (open != null) {
      gaps.add(
          new LoadRecord.Gap("file", "the loader had a module file open that is another module"));
    }
    return null;
  }

  /**
   * Returns the file that the loader has open, if the module cannot be read. The file must have the
   * module's name, and the kernel must have found a signature by a trusted key.
   */
  private @Nullable FileIdentity unreadOrigin(
      Event event, @Nullable FileIdentity open, List<LoadRecord.Gap> gaps) {
    if (open == null) {
      return null;
    }
    String module = SensorContexts.of(event).map(SensorContext::moduleName).orElse(null);
    boolean named =
        open.path().startsWith("…")
            || (module != null && ModuleFileNames.isNamedAs(open.path(), module));
    boolean signed =
        event.argument(ImageReader.SIG_OK).orElse(Value.NULL) instanceof Value.Bool(boolean ok)
            && ok;
    gaps.add(
        new LoadRecord.Gap(
            "file",
            named && signed
                ? "by its name alone, since not all of the module's bytes came through"
                : "the loader had a module file open, and whether the module is from it is not"
                    + " known: not all of its bytes came through"));
    return named && signed ? open.found(files.isThere(open)) : null;
  }

  /**
   * Describes the file instead of missing bytes, if it is still the file that the kernel had open.
   */
  private ImageFacts ofFile(
      Event event, long sizeBytes, @Nullable FileIdentity file, List<LoadRecord.Gap> gaps) {
    gaps.add(
        new LoadRecord.Gap(
            "image",
            "not all of its bytes came through: the buffer is too small, or was full, or the kernel"
                + " lets nobody read them"));
    record Read(String sha256, ModuleFacts facts, Optional<LoadRecord.PackageOwner> owner) {}
    Optional<Read> read = Optional.empty();
    boolean fromMemory = event.syscall().equals(INIT_MODULE);
    FileIdentity from = fromMemory ? unreadOrigin(event, file, gaps) : null;
    if (file != null && !fromMemory) {
      read =
          files.read(
              file,
              bytes -> {
                String sha256 = Digests.sha256(bytes);
                return new Read(
                    sha256,
                    parsed(event, sha256, bytes, null),
                    Optional.ofNullable(owner(event, file, sha256, bytes)));
              });
    }
    if (read.isEmpty()) {
      gaps.add(
          new LoadRecord.Gap(
              "image.sha256",
              file == null || fromMemory
                  ? "there is no file to read instead"
                  : "the file cannot be read, or is no longer what was loaded"));
    }
    Read found = read.orElse(null);
    ModuleFacts facts = found == null ? null : found.facts();
    return facts(
        new LoadRecord.Image(
            found == null ? null : found.sha256(),
            sizeBytes,
            found == null ? LoadRecord.Image.Source.KERNEL : LoadRecord.Image.Source.FILE,
            false,
            null,
            signature(event, facts, gaps),
            null),
        facts,
        from,
        found == null ? null : found.owner().orElse(null),
        gaps);
  }

  /**
   * Returns the facts from the bytes.
   *
   * @param plain the bytes that the kernel decompressed from them; null if it did not decompress
   *     them
   */
  private ModuleFacts parsed(
      Event event, String sha256, ByteBuffer bytes, @Nullable ByteBuffer plain) {
    ModuleFacts known = factsByHash.get(sha256);
    if (known != null) {
      return known;
    }
    ByteBuffer toRead = plain == null ? bytes : plain;
    boolean compressed = Compression.of(toRead) != Compression.NONE;
    Duration time = compressed ? decompression.next() : Duration.ZERO;
    if (compressed && time.isZero()) {
      return ModuleFacts.unread(bytes, "too much time was spent on compressed images lately");
    }
    if (!marks.begin(event)) {
      return ModuleFacts.unread(
          bytes, "Kmodwatch ended as it read it before, and does not read it again");
    }
    long beganNanos = nanoClock.getAsLong();
    ModuleFacts facts;
    try {
      facts =
          ModuleFacts.of(toRead, ModuleImageLimits.DEFAULT.withMaxDecompressing(time), nanoClock);
    } finally {
      marks.end();
    }
    long tookNanos = nanoClock.getAsLong() - beganNanos;
    if (compressed) {
      decompression.spent(tookNanos);
    }
    if (plain != null) {
      facts = facts.compressedAs(bytes);
    }
    if (facts.lasting() && !(compressed && tookNanos > time.toNanos())) {
      factsByHash.put(sha256, facts);
    }
    return facts;
  }

  private static ImageFacts facts(
      LoadRecord.Image image,
      @Nullable ModuleFacts facts,
      @Nullable FileIdentity file,
      LoadRecord.@Nullable PackageOwner owner,
      List<LoadRecord.Gap> gaps) {
    return new ImageFacts(
        image,
        facts == null ? null : facts.compression(),
        facts == null ? null : facts.module(),
        file,
        owner,
        gaps);
  }

  private LoadRecord.@Nullable ModuleSignature signature(
      Event event, @Nullable ModuleFacts facts, List<LoadRecord.Gap> gaps) {
    if (facts == null) {
      return null;
    }
    for (String cut : facts.cut()) {
      gaps.add(
          new LoadRecord.Gap(
              "module." + cut,
              "longer than a record has room for: %d characters, %d names"
                  .formatted(ModuleFacts.MAX_TEXT, ModuleFacts.MAX_DEPENDS)));
    }
    if (facts.problem() != null) {
      gaps.add(new LoadRecord.Gap("module", "the image cannot be read: " + facts.problem()));
    }
    ModuleFacts.Signer signer = facts.signature();
    if (signer != null && signer.problem() != null) {
      gaps.add(
          new LoadRecord.Gap(
              "image.signature", "the signature cannot be read: " + signer.problem()));
    }
    return KernelVerdict.of(event).signature(facts, this::isEnforced);
  }

  private @Nullable String keep(
      String sha256, @Nullable ByteBuffer bytes, List<LoadRecord.Gap> gaps) {
    if (store == null) {
      return null;
    }
    if (bytes == null) {
      gaps.add(new LoadRecord.Gap("image.kept", "there was no memory for all of it"));
      return null;
    }
    try {
      return store.keep(sha256, bytes, clock.instant()).toString();
    } catch (IOException e) {
      complaints.accept("an image is not kept: " + e.getMessage());
      gaps.add(new LoadRecord.Gap("image.kept", "could not be written: " + e.getMessage()));
      return null;
    }
  }

  /**
   * Returns the package of the file. The loader may see other files by the same names. So the
   * package is only looked up if this process finds the same file by that name.
   *
   * @param bytes the bytes that the kernel got
   */
  private LoadRecord.@Nullable PackageOwner owner(
      Event event, @Nullable FileIdentity file, String sha256, @Nullable ByteBuffer bytes) {
    if (file == null) {
      return null;
    }
    var key = new OwnerKey(file.path(), file.inode(), file.ctimeNanos(), sha256);
    Optional<LoadRecord.PackageOwner> known = ownersByFile.get(key);
    if (known == null) {
      // With finit_module the bytes are the file's. Otherwise libkmod may have decompressed them.
      known =
          event.syscall().equals(FINIT_MODULE) && bytes != null
              ? ownerOf(file, bytes)
              : files
                  .read(file, contents -> owners.ownerOf(file.path(), contents))
                  .orElse(Optional.empty());
      ownersByFile.put(key, known);
    }
    return known.orElse(null);
  }

  private Optional<LoadRecord.PackageOwner> ownerOf(FileIdentity file, ByteBuffer bytes) {
    return files.isThere(file) ? owners.ownerOf(file.path(), bytes) : Optional.empty();
  }

  private static @Nullable FileIdentity fileOf(Event event) {
    return SensorContexts.of(event).map(SensorContext::file).orElse(null);
  }

  private boolean isEnforced() {
    try {
      return Files.readString(root.resolve("sys/module/module/parameters/sig_enforce"))
          .startsWith("Y");
    } catch (IOException notThere) {
      return false;
    }
  }
}
