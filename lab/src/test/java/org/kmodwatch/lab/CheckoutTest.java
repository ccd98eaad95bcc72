package org.kmodwatch.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckoutTest {

  @TempDir Path folder;

  @Test
  void search_findsCheckout_whenStartedDeepInIt() throws IOException {
    Path deep = Files.createDirectories(folder.resolve("core/src/main"));
    Files.createDirectories(folder.resolve("lab"));
    Files.writeString(folder.resolve("lab/pom.xml"), "");

    assertThat(Checkout.search(deep)).isEqualTo(new Checkout(folder));
  }

  @Test
  void search_saysWhatToDo_whenThereIsNone() {
    assertThatThrownBy(() -> Checkout.search(folder))
        .isInstanceOf(LabException.Unavailable.class)
        .hasMessage(
            "the lab needs a checkout of Kmodwatch, and %s is not in one; remedy: run ./kmodwatch"
                + " there",
            folder);
  }
}
