package org.kmodwatch.core.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.kmodwatch.core.event.Argument;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.SensorContext.FileIdentity;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.load.LoadRecord.ModuleDetails;
import org.kmodwatch.core.load.LoadRecord.PackageOwner;

/**
 * The facts on a module's image, which stand in the arguments of a {@code module_image} event and
 * in a load record. Code that reads the bytes writes the arguments with {@link #describe}; the load
 * tracker reads them with {@link #of}.
 *
 * @param image the bytes
 * @param compression the compression of the bytes; null if they were not compressed, or were not
 *     examined
 * @param module the facts in the module itself; null if they were not read, or could not be read
 * @param file for bytes passed in memory, the file that they were read from; null without such a
 *     file, or if it is not known. Its content, plain or unpacked, is the image
 * @param owner the package of that file; null if it is from no package, or this was not checked
 * @param gaps the facts that could not be found
 */
public record ImageFacts(
    LoadRecord.Image image,
    @Nullable String compression,
    @Nullable ModuleDetails module,
    @Nullable FileIdentity file,
    @Nullable PackageOwner owner,
    List<LoadRecord.Gap> gaps) {

  private static final String SIZE = "size";
  private static final String COMPLETE = "complete";
  private static final String SHA256 = "sha256";
  private static final String SOURCE = "source";
  private static final String DECOMPRESSED_SIZE = "decompressed_size";
  private static final String DECOMPRESSED_SHA256 = "decompressed_sha256";
  private static final String KEPT = "kept";
  private static final String COMPRESSION = "compression";
  private static final String SIGNATURE = "signature";
  private static final String SIGNER = "signer";
  private static final String KEY_ID = "key_id";
  private static final String DIGEST = "digest";
  private static final String NAME = "name";
  private static final String VERSION = "version";
  private static final String SRC_VERSION = "src_version";
  private static final String VERMAGIC = "vermagic";
  private static final String LICENSE = "license";
  private static final String DESCRIPTION = "description";
  private static final String AUTHOR = "author";
  private static final String INTREE = "intree";
  private static final String DEPENDS = "depends";
  private static final String PATHNAME = "pathname";
  private static final String DEV = "dev";
  private static final String INODE = "inode";
  private static final String CTIME = "ctime";
  private static final String HERE = "here";
  private static final String PACKAGE_MANAGER = "package_manager";
  private static final String PACKAGE_NAME = "package_name";
  private static final String PACKAGE_VERSION = "package_version";
  private static final String PACKAGE_CHANGED = "package_changed";
  private static final String GAPS = "gaps";

  /** Copies the list. */
  public ImageFacts {
    gaps = List.copyOf(gaps);
  }

  /**
   * Returns {@code event}, a {@code module_image} event, with these facts as its first arguments.
   * Its other arguments follow.
   */
  public Event describe(Event event) {
    List<Argument> arguments = arguments();
    Set<String> names = arguments.stream().map(Argument::name).collect(Collectors.toSet());
    List<Argument> had = event.args();
    if (had != null) {
      had.stream().filter(one -> !names.contains(one.name())).forEach(arguments::add);
    }
    return event.withArgs(arguments);
  }

  private List<Argument> arguments() {
    var out = new Arguments();
    out.number(SIZE, image.sizeBytes());
    out.truth(COMPLETE, image.complete());
    out.text(SHA256, image.sha256());
    if (image.sha256() != null) {
      out.text(SOURCE, LoadRecords.word(image.source()));
    }
    LoadRecord.Image.Decompressed decompressed = image.decompressed();
    if (decompressed != null) {
      out.number(DECOMPRESSED_SIZE, decompressed.sizeBytes());
      out.text(DECOMPRESSED_SHA256, decompressed.sha256());
    }
    out.text(KEPT, image.kept());
    out.text(COMPRESSION, compression);
    LoadRecord.ModuleSignature signature = image.signature();
    if (signature != null) {
      out.text(SIGNATURE, signature.status().word());
      out.text(SIGNER, signature.signer());
      out.text(KEY_ID, signature.keyId());
      out.text(DIGEST, signature.digest());
    }
    if (module != null) {
      out.text(NAME, module.name());
      out.text(VERSION, module.version());
      out.text(SRC_VERSION, module.srcversion());
      out.text(VERMAGIC, module.vermagic());
      out.text(LICENSE, module.license());
      out.text(DESCRIPTION, module.description());
      out.text(AUTHOR, module.author());
      out.truth(INTREE, module.intree());
      out.texts(DEPENDS, module.depends());
    }
    if (file != null) {
      out.text(PATHNAME, file.path());
      out.number(DEV, file.device());
      out.unsigned(INODE, file.inode());
      out.number(CTIME, file.ctimeNanos());
      out.truth(HERE, file.here());
    }
    if (owner != null) {
      out.text(PACKAGE_MANAGER, owner.manager());
      out.text(PACKAGE_NAME, owner.name());
      out.text(PACKAGE_VERSION, owner.version());
      out.truth(PACKAGE_CHANGED, owner.changed());
    }
    if (!gaps.isEmpty()) {
      out.gaps(gaps);
    }
    return out.list;
  }

  /** Returns the facts in a {@code module_image} event. Facts that it lacks are absent. */
  static ImageFacts of(Event event) {
    String sha256 = text(event, SHA256);
    Boolean complete = truth(event, COMPLETE);
    Long size = number(event, SIZE);
    var image =
        new LoadRecord.Image(
            sha256,
            size == null ? 0 : size,
            source(text(event, SOURCE)),
            Boolean.TRUE.equals(complete),
            decompressed(event),
            signature(event),
            text(event, KEPT));
    var gaps = new ArrayList<>(gaps(event));
    if (sha256 != null && image.source() == LoadRecord.Image.Source.UNKNOWN) {
      gaps.add(notKnown("image.source", text(event, SOURCE)));
    }
    if (image.signature() != null
        && image.signature().status() == LoadRecord.ModuleSignature.Status.UNKNOWN) {
      gaps.add(notKnown("image.signature.status", text(event, SIGNATURE)));
    }
    return new ImageFacts(
        image, text(event, COMPRESSION), module(event), file(event), owner(event), gaps);
  }

  private static LoadRecord.Gap notKnown(String field, @Nullable String word) {
    return new LoadRecord.Gap(field, FieldReader.unknownWord(String.valueOf(word)));
  }

  private static LoadRecord.Image.Source source(@Nullable String word) {
    return switch (word) {
      case "file" -> LoadRecord.Image.Source.FILE;
      case "kernel" -> LoadRecord.Image.Source.KERNEL;
      // The sensor's own events have no source until the file has been read.
      case null -> LoadRecord.Image.Source.KERNEL;
      default -> LoadRecord.Image.Source.UNKNOWN;
    };
  }

  /** Returns the kernel's facts on the module, completed with the facts in the image. */
  LoadRecord.ModuleDetails complete(LoadRecord.ModuleDetails ofKernel) {
    if (module == null) {
      return ofKernel;
    }
    return new LoadRecord.ModuleDetails(
        first(ofKernel.name(), module.name()),
        first(ofKernel.version(), module.version()),
        first(ofKernel.srcversion(), module.srcversion()),
        module.vermagic(),
        module.license(),
        module.description(),
        module.author(),
        module.intree(),
        module.depends(),
        ofKernel.taints(),
        ofKernel.sizeBytes(),
        ofKernel.usedBy());
  }

  private static LoadRecord.Image.@Nullable Decompressed decompressed(Event event) {
    String sha256 = text(event, DECOMPRESSED_SHA256);
    Long size = number(event, DECOMPRESSED_SIZE);
    return sha256 == null || size == null ? null : new LoadRecord.Image.Decompressed(sha256, size);
  }

  private static LoadRecord.@Nullable ModuleSignature signature(Event event) {
    String status = text(event, SIGNATURE);
    if (status == null) {
      return null;
    }
    for (LoadRecord.ModuleSignature.Status known : LoadRecord.ModuleSignature.Status.values()) {
      if (known.word().equals(status)) {
        return new LoadRecord.ModuleSignature(
            known, text(event, SIGNER), text(event, KEY_ID), text(event, DIGEST));
      }
    }
    return new LoadRecord.ModuleSignature(
        LoadRecord.ModuleSignature.Status.UNKNOWN,
        text(event, SIGNER),
        text(event, KEY_ID),
        text(event, DIGEST));
  }

  private static LoadRecord.@Nullable ModuleDetails module(Event event) {
    if (event.argument(NAME).isEmpty() && event.argument(VERMAGIC).isEmpty()) {
      return null;
    }
    return new LoadRecord.ModuleDetails(
        text(event, NAME),
        text(event, VERSION),
        text(event, SRC_VERSION),
        text(event, VERMAGIC),
        text(event, LICENSE),
        text(event, DESCRIPTION),
        text(event, AUTHOR),
        truth(event, INTREE),
        texts(event, DEPENDS),
        List.of(),
        null,
        List.of());
  }

  private static @Nullable FileIdentity file(Event event) {
    String path = text(event, PATHNAME);
    return path == null
        ? null
        : new FileIdentity(
            path,
            Attempt.number(event, DEV, 0),
            Attempt.number(event, INODE, 0),
            Attempt.number(event, CTIME, 0),
            Set.of(),
            truth(event, HERE));
  }

  private static LoadRecord.@Nullable PackageOwner owner(Event event) {
    String manager = text(event, PACKAGE_MANAGER);
    String name = text(event, PACKAGE_NAME);
    String version = text(event, PACKAGE_VERSION);
    return manager == null || name == null || version == null
        ? null
        : new LoadRecord.PackageOwner(manager, name, version, truth(event, PACKAGE_CHANGED));
  }

  private static List<LoadRecord.Gap> gaps(Event event) {
    var gaps = new ArrayList<LoadRecord.Gap>();
    if (event.argument(GAPS).orElse(Value.NULL) instanceof Value.Array(var values)) {
      for (Value value : values) {
        if (value instanceof Value.Obj(var fields)
            && fields.get("field") instanceof Value.Str(String field)
            && fields.get("why") instanceof Value.Str(String why)) {
          gaps.add(new LoadRecord.Gap(field, why));
        }
      }
    }
    return gaps;
  }

  private static @Nullable String text(Event event, String name) {
    return event.stringArgument(name).orElse(null);
  }

  private static @Nullable Long number(Event event, String name) {
    return event.argument(name).orElse(Value.NULL) instanceof Value.Num number
            && number.signed().isPresent()
        ? (Long) number.signed().getAsLong()
        : null;
  }

  private static @Nullable Boolean truth(Event event, String name) {
    return event.argument(name).orElse(Value.NULL) instanceof Value.Bool(boolean truth)
        ? (Boolean) truth
        : null;
  }

  private static List<String> texts(Event event, String name) {
    var texts = new ArrayList<String>();
    if (event.argument(name).orElse(Value.NULL) instanceof Value.Array(var values)) {
      for (Value value : values) {
        if (value instanceof Value.Str(String text)) {
          texts.add(text);
        }
      }
    }
    return texts;
  }

  private static @Nullable String first(@Nullable String one, @Nullable String other) {
    return one != null ? one : other;
  }

  /** Collects arguments, and omits unknown values. */
  private static final class Arguments {
    final List<Argument> list = new ArrayList<>();

    void text(String name, @Nullable String value) {
      if (value != null) {
        list.add(new Argument(name, "const char*", Value.of(value)));
      }
    }

    void number(String name, long value) {
      list.add(new Argument(name, "unsigned long", Value.of(value)));
    }

    void unsigned(String name, long value) {
      list.add(new Argument(name, "unsigned long", Value.ofUnsigned(value)));
    }

    void truth(String name, @Nullable Boolean value) {
      if (value != null) {
        list.add(new Argument(name, "bool", Value.of(value.booleanValue())));
      }
    }

    void texts(String name, List<String> values) {
      if (!values.isEmpty()) {
        list.add(new Argument(name, "const char**", Value.ofStrings(values)));
      }
    }

    void gaps(List<LoadRecord.Gap> gaps) {
      var values = new ArrayList<Value>();
      for (LoadRecord.Gap gap : gaps) {
        var fields = new LinkedHashMap<String, Value>();
        fields.put("field", Value.of(gap.field()));
        fields.put("why", Value.of(gap.why()));
        values.add(new Value.Obj(fields));
      }
      list.add(new Argument(GAPS, "gap[]", new Value.Array(values)));
    }
  }
}
