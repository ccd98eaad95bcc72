package org.kmodwatch.core.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.kmodwatch.core.signature.Signature;

class BuiltInTest {

  @Test
  void signatures_areThoseThatServiceLoaderFinds() {
    assertThat(BuiltIn.signatures())
        .extracting(Signature::getClass)
        .containsExactlyInAnyOrderElementsOf(
            ServiceLoader.load(Signature.class).stream()
                .map(ServiceLoader.Provider::type)
                .filter(type -> type.getPackage().equals(BuiltIn.class.getPackage()))
                .toList());
  }
}
