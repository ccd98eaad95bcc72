import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Copies jars for the package. It removes content that keeps Java from caching classes ahead of
 * time, and content for other machines.
 *
 * <ul>
 *   <li>Signatures of jars are removed: a cache takes no class of a signed jar. The package is one
 *       unit, with its own checksums.
 *   <li>Seals of packages are removed: with classes of a sealed package in its cache, Java 25 does
 *       not start.
 *   <li>Classes older than Java 6 are rewritten as classes of Java 8, with stack maps. A cache
 *       takes no older class, and a slower verifier checks it.
 *   <li>SQLite's native libraries for other systems and processors are removed. Ours becomes a file
 *       beside the jars, so that it need not be unpacked at run time.
 * </ul>
 *
 * <p>Usage: java PackJars.java TARGET_FOLDER SECONDS_SINCE_EPOCH JAR...
 */
final class PackJars {

  private static final String NATIVES = "org/sqlite/native/";
  private static final String OUR_NATIVES = NATIVES + "Linux/x86_64/";
  private static final ClassFileVersion OF_JAVA_8 = ClassFileVersion.of(ClassFile.JAVA_8_VERSION, 0);

  public static void main(String[] args) throws IOException {
    Path target = Path.of(args[0]);
    long time = Long.parseLong(args[1]) * 1000;
    for (String jar : List.of(args).subList(2, args.length)) {
      copy(Path.of(jar), target.resolve(Path.of(jar).getFileName()), time);
    }
  }

  private static void copy(Path from, Path to, long time) throws IOException {
    try (var jar = new JarFile(from.toFile(), false);
        var classes = new URLClassLoader(new URL[] {from.toUri().toURL()});
        var out = new ZipOutputStream(new BufferedOutputStream(Files.newOutputStream(to)))) {
      ClassHierarchyResolver hierarchy =
          ClassHierarchyResolver.ofResourceParsing(classes)
              .orElse(ClassHierarchyResolver.defaultResolver());
      var entries = new ArrayList<>(jar.stream().toList());
      // Readers expect the manifest at the beginning.
      entries.sort(Comparator.comparing(e -> !e.getName().startsWith("META-INF/")));
      for (ZipEntry entry : entries) {
        String name = entry.getName();
        if (entry.isDirectory() || isLeftOut(name)) {
          continue;
        }
        byte[] bytes = jar.getInputStream(entry).readAllBytes();
        if (name.startsWith(OUR_NATIVES)) {
          Files.write(to.resolveSibling(name.substring(OUR_NATIVES.length())), bytes);
          continue;
        }
        if (name.equals(JarFile.MANIFEST_NAME)) {
          bytes = cacheable(bytes);
        } else if (name.endsWith(".class")) {
          bytes = cacheable(name, bytes, hierarchy);
        }
        var copy = new ZipEntry(name);
        copy.setTime(time);
        out.putNextEntry(copy);
        out.write(bytes);
        out.closeEntry();
      }
    }
  }

  private static boolean isLeftOut(String name) {
    return name.matches("META-INF/[^/]*\\.(SF|RSA|DSA|EC)")
        || name.startsWith(NATIVES) && !name.startsWith(OUR_NATIVES);
  }

  /**
   * Returns the manifest without the digests of entries, which belong to the signature, and without
   * seals.
   */
  private static byte[] cacheable(byte[] manifest) throws IOException {
    var parsed = new Manifest(new ByteArrayInputStream(manifest));
    parsed.getEntries().clear();
    parsed.getMainAttributes().remove(Attributes.Name.SEALED);
    var out = new ByteArrayOutputStream();
    parsed.write(out);
    return out.toByteArray();
  }

  private static byte[] cacheable(String name, byte[] bytes, ClassHierarchyResolver hierarchy) {
    ClassFile format =
        ClassFile.of(
            ClassFile.StackMapsOption.GENERATE_STACK_MAPS,
            ClassFile.ClassHierarchyResolverOption.of(hierarchy));
    ClassModel model = format.parse(bytes);
    if (model.majorVersion() >= ClassFile.JAVA_6_VERSION) {
      return bytes;
    }
    byte[] anew =
        format.transformClass(
            model,
            ClassTransform.transformingMethodBodies(CodeTransform.ACCEPT_ALL)
                .andThen(
                    (builder, element) ->
                        builder.with(element instanceof ClassFileVersion ? OF_JAVA_8 : element)));
    List<VerifyError> errors = format.verify(anew);
    if (!errors.isEmpty()) {
      throw new UncheckedIOException(new IOException(name + " cannot be written anew", errors.getFirst()));
    }
    return anew;
  }
}
