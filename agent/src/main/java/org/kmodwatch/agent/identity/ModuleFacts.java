package org.kmodwatch.agent.identity;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.load.LoadRecord;
import org.kmodwatch.core.text.Beginnings;
import org.kmodwatch.image.AppendedSignature;
import org.kmodwatch.image.Compression;
import org.kmodwatch.image.ModuleImage;
import org.kmodwatch.image.ModuleImageException;
import org.kmodwatch.image.ModuleImageLimits;
import org.kmodwatch.image.ModuleImageReader;
import org.kmodwatch.image.ModuleInfo;

/**
 * The facts in the bytes of a module, without the bytes.
 *
 * @param compression the compression of the bytes; null if they are not compressed
 * @param module the module's own description; null if it could not be read
 * @param signature the stated signer, unchecked; null if no signature is appended, or the module
 *     could not be read
 * @param cut the names of the parts of {@code module} that are longer than a record has room for
 * @param problem why it could not be read; null if it could
 * @param lasting whether the same bytes would give the same result again
 */
record ModuleFacts(
    @Nullable String compression,
    LoadRecord.@Nullable ModuleDetails module,
    @Nullable Signer signature,
    List<String> cut,
    @Nullable String problem,
    boolean lasting) {

  /** The longest text. Descriptions are a line or two. */
  static final int MAX_TEXT = 1024;

  static final int MAX_DEPENDS = 256;

  /**
   * The stated signer of a module.
   *
   * @param name the name of the key
   * @param keyId the identifier of the key, hexadecimal; null if the signature could not be read
   * @param digest the hash algorithm; null if the signature could not be read
   * @param problem why the signature does not name its signer; null if it does
   */
  record Signer(
      @Nullable String name,
      @Nullable String keyId,
      @Nullable String digest,
      @Nullable String problem) {

    static @Nullable Signer of(@Nullable AppendedSignature signature) {
      if (signature == null) {
        return null;
      }
      List<AppendedSignature.Signer> all = signature.signers();
      if (all.isEmpty()) {
        return new Signer(null, null, null, signature.problem());
      }
      return new Signer(
          together(all, AppendedSignature.Signer::name),
          together(all, AppendedSignature.Signer::keyId),
          together(all, AppendedSignature.Signer::digest),
          null);
    }

    /** Joins a part of several signers: the kernel does not report which of them it trusts. */
    private static @Nullable String together(
        List<AppendedSignature.Signer> all,
        Function<AppendedSignature.Signer, @Nullable String> part) {
      if (all.size() == 1) {
        return part.apply(all.getFirst());
      }
      return all.stream()
          .map(signer -> Objects.requireNonNullElse(part.apply(signer), "?"))
          .collect(Collectors.joining(", "));
    }
  }

  /**
   * Reads the bytes. Any failure to read them, even an error of the virtual machine, is a problem
   * of this module only.
   *
   * @param bytes the module, compressed or not
   */
  static ModuleFacts of(ByteBuffer bytes, ModuleImageLimits limits, LongSupplier nanoClock) {
    String word = word(bytes);
    try {
      ModuleImage image = ModuleImageReader.read(bytes, limits, nanoClock);
      var cut = new ArrayList<String>();
      LoadRecord.ModuleDetails details = details(image, cut);
      return new ModuleFacts(
          word, details, Signer.of(image.signature()), List.copyOf(cut), null, true);
    } catch (ModuleImageException notReadable) {
      return new ModuleFacts(word, null, null, List.of(), notReadable.getMessage(), true);
    } catch (OutOfMemoryError tooLarge) {
      return unread(bytes, "there is no memory to read it");
    } catch (Throwable unforeseen) {
      return unread(bytes, "reading it ended in " + unforeseen.getClass().getSimpleName());
    }
  }

  /** Returns the facts of a module that was not read. */
  static ModuleFacts unread(ByteBuffer bytes, String problem) {
    return new ModuleFacts(word(bytes), null, null, List.of(), problem, false);
  }

  /** Returns these facts for a module that the kernel decompressed from {@code bytes}. */
  ModuleFacts compressedAs(ByteBuffer bytes) {
    return new ModuleFacts(word(bytes), module, signature, cut, problem, lasting);
  }

  private static @Nullable String word(ByteBuffer bytes) {
    Compression compression = Compression.of(bytes);
    return compression == Compression.NONE ? null : compression.word();
  }

  private static LoadRecord.ModuleDetails details(ModuleImage image, List<String> cut) {
    ModuleInfo info = image.info();
    Optional<String> authors =
        Optional.of(String.join(", ", info.all("author"))).filter(all -> !all.isEmpty());
    List<String> depends = info.depends();
    if (depends.size() > MAX_DEPENDS) {
      cut.add("depends");
    }
    return new LoadRecord.ModuleDetails(
        image.name(),
        text("version", info.first("version"), cut),
        text("srcversion", info.first("srcversion"), cut),
        text("vermagic", info.first("vermagic"), cut),
        text("license", info.first("license"), cut),
        text("description", info.first("description"), cut),
        text("author", authors, cut),
        info.intree(),
        depends.stream().limit(MAX_DEPENDS).map(name -> shortened("depends", name, cut)).toList(),
        List.of(),
        null,
        List.of());
  }

  private static @Nullable String text(String name, Optional<String> text, List<String> cut) {
    return text.map(String::strip).map(all -> shortened(name, all, cut)).orElse(null);
  }

  private static String shortened(String name, String text, List<String> cut) {
    if (text.length() <= MAX_TEXT) {
      return text;
    }
    if (!cut.contains(name)) {
      cut.add(name);
    }
    return Beginnings.of(text, MAX_TEXT) + "…";
  }
}
