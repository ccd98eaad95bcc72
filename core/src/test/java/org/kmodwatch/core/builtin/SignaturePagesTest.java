package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.engine.Engine;
import org.kmodwatch.core.event.Event;
import org.kmodwatch.core.event.Value;
import org.kmodwatch.core.signature.Signature;
import org.kmodwatch.core.signature.SignatureMetadata;

/** Compares docs/signatures with the built-in signatures. */
@NullMarked
class SignaturePagesTest {

  private static final Path PAGES = Path.of("../docs/signatures");
  private static final List<String> PROPERTIES =
      List.of("Severity", "Category", "Technique", "Kubernetes_Technique", "id", "external_id");

  @Test
  void everySignature_hasAPage_andEveryPageASignature() throws IOException {
    try (Stream<Path> files = Files.list(PAGES)) {
      assertThat(
              files
                  .map(file -> file.getFileName().toString())
                  .filter(file -> !file.equals("README.md")))
          .containsExactlyInAnyOrderElementsOf(
              installed().stream().map(metadata -> metadata.id() + ".md").toList());
    }
  }

  @Test
  void page_beginsWithIdAndName_andHasEverySection() throws IOException {
    for (SignatureMetadata metadata : installed()) {
      List<String> page = Files.readAllLines(PAGES.resolve(metadata.id() + ".md"));
      assertThat(page.getFirst()).isEqualTo("# %s: %s".formatted(metadata.id(), metadata.name()));
      assertThat(page.stream().filter(line -> line.startsWith("## ")))
          .as(metadata.id())
          .containsExactly(
              "## What it means",
              "## Why it matters",
              "## What is ordinary",
              "## What to do",
              "## What it rests on");
      assertThat(page)
          .as(metadata.id())
          .contains(
              "Severity %s · %s · ATT&CK %s %s · finding `%s`"
                  .formatted(
                      property(metadata, "Severity"),
                      property(metadata, "Category"),
                      property(metadata, "external_id"),
                      property(metadata, "Technique"),
                      metadata.eventName()));
    }
  }

  @Test
  void index_listsThemAll() throws IOException {
    List<String> rows =
        Files.readAllLines(PAGES.resolve("README.md")).stream()
            .filter(line -> line.startsWith("| ["))
            .toList();
    assertThat(rows)
        .containsExactlyElementsOf(installed().stream().map(SignaturePagesTest::row).toList());
  }

  @Test
  void metadata_hasThePeersProperties_andSelectsNothingButOurVocabulary() {
    for (Signature signature : Engine.installedSignatures()) {
      SignatureMetadata metadata = signature.metadata();
      assertThat(metadata.properties().keySet())
          .as(metadata.id())
          .containsExactlyElementsOf(PROPERTIES);
      assertThat(metadata.version()).isEqualTo("1");
      assertThat(metadata.eventName()).matches("[a-z]+(_[a-z]+)*");
      assertThat(signature.selectedEvents())
          .allSatisfy(selector -> assertThat(selector.source()).isEqualTo(Event.SOURCE_TRACEE));
      assertThat(signature.metadata()).isSameAs(metadata);
    }
    assertThat(installed()).extracting(SignatureMetadata::eventName).doesNotHaveDuplicates();
  }

  private static List<SignatureMetadata> installed() {
    return Engine.installedSignatures().stream().map(Signature::metadata).toList();
  }

  private static String row(SignatureMetadata metadata) {
    return "| [%s](%s.md) | %s | %s | %s %s |"
        .formatted(
            metadata.id(),
            metadata.id(),
            metadata.name(),
            property(metadata, "Severity"),
            property(metadata, "external_id"),
            property(metadata, "Technique"));
  }

  private static String property(SignatureMetadata metadata, String name) {
    return switch (metadata.properties().get(name)) {
      case Value.Num(String text) -> text;
      case Value.Str(String text) -> text;
      case null, default -> throw new AssertionError(metadata.id() + " has no " + name);
    };
  }
}
