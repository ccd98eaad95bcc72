package org.kmodwatch.agent.identity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.kmodwatch.image.ModuleImageReader;

/**
 * How fast modules are read and hashed, beside sha256sum on the same files in the same run, taking
 * turns. Not a test: {@code tools/bench-images.sh} runs it, with the options that the product has.
 */
final class ImageThroughput {

  private static final int ROUNDS = 7;

  private ImageThroughput() {}

  public static void main(String[] args) throws Exception {
    List<Path> modules = modules(Path.of(args[0]));
    long bytes = 0;
    for (Path module : modules) {
      bytes += Files.size(module);
    }
    System.out.printf(
        Locale.ROOT, "%d modules, %.1f MB, %d rounds%n", modules.size(), bytes / 1e6, ROUNDS);
    System.out.println("round  read and hashed  hashed alone  sha256sum      ratio");
    var ratios = new ArrayList<Double>();
    for (int round = 1; round <= ROUNDS; round++) {
      double both = bytes / 1e6 / seconds(() -> readAndHash(modules, true));
      double hash = bytes / 1e6 / seconds(() -> readAndHash(modules, false));
      double theirs = bytes / 1e6 / seconds(() -> sha256sum(modules));
      ratios.add(both / theirs);
      System.out.printf(
          Locale.ROOT,
          "%5d  %10.0f MB/s %8.0f MB/s %5.0f MB/s %10.2f%n",
          round,
          both,
          hash,
          theirs,
          both / theirs);
    }
    ratios.sort(null);
    System.out.printf(
        Locale.ROOT,
        "reading and hashing is %.2f times as fast as sha256sum (median; %.2f to %.2f)%n",
        ratios.get(ROUNDS / 2),
        ratios.getFirst(),
        ratios.getLast());
  }

  private interface Work {
    void run() throws Exception;
  }

  private static double seconds(Work work) throws Exception {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e9;
  }

  private static void readAndHash(List<Path> modules, boolean read) throws IOException {
    long said = 0;
    for (Path module : modules) {
      try (FileChannel file = FileChannel.open(module, StandardOpenOption.READ)) {
        ByteBuffer bytes = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size());
        if (read) {
          said += ModuleImageReader.read(bytes).info().entries().size();
        }
        said += Digests.sha256(bytes).length();
      }
    }
    if (said == 0) {
      throw new AssertionError("nothing was read");
    }
  }

  private static void sha256sum(List<Path> modules) throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of("sha256sum", "-b"));
    modules.forEach(module -> command.add(module.toString()));
    Process process =
        new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    if (process.waitFor() != 0) {
      throw new AssertionError("sha256sum failed");
    }
  }

  private static List<Path> modules(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(f -> f.toString().endsWith(".ko")).sorted().toList();
    }
  }
}
