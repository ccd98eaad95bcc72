package org.kmodwatch.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;
import org.junit.platform.commons.support.AnnotationSupport;
import org.junit.platform.commons.support.ReflectionSupport;

/** Boots the guests of {@link Guest}, each only when its turn comes. */
final class GuestBoots implements ArgumentsProvider {

  @Override
  public Stream<? extends Arguments> provideArguments(
      ParameterDeclarations parameters, ExtensionContext context) {
    Class<?> test = context.getRequiredTestClass();
    Guest guest = AnnotationSupport.findAnnotation(test, Guest.class).orElseThrow();
    Class<?> type = parameters.getFirst().orElseThrow().getParameterType();
    return kernels(guest).stream()
        .map(kernel -> (String) Objects.requireNonNull(kernel.get()[0]))
        .map(
            kernel -> {
              LabResult result = boot(test.getSimpleName(), guest, kernel);
              return Arguments.argumentSet("kernel " + kernel, argument(type, kernel, result));
            });
  }

  private static List<Arguments> kernels(Guest guest) {
    return switch (guest.kernels()) {
      case ALL -> TestKernels.all();
      case FEW -> TestKernels.few();
      case NEWEST -> TestKernels.newest();
    };
  }

  private static LabResult boot(String test, Guest guest, String kernel) {
    LabRun run =
        LabRun.of(kernel, guest.variables() + Resources.text(guest.script()))
            .withAgent(guest.agent())
            .withKernelArguments(List.of(guest.kernelArguments()))
            .withTimeout(Duration.ofMinutes(guest.minutes()));
    for (String module : guest.modules()) {
      run = run.withFile(Lab.testModule(kernel, module));
    }
    try {
      Path folder = Files.createTempDirectory("kmodwatch-guest");
      try {
        return Boots.shared(
            test, ReflectionSupport.newInstance(guest.preparation()).prepare(run, folder));
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static Object argument(Class<?> type, String kernel, LabResult result) {
    if (type == LabResult.class) {
      return result;
    }
    try {
      return type == List.class
          ? new String(Files.readAllBytes(result.guestLog()), StandardCharsets.UTF_8)
              .lines()
              .toList()
          : GuestRecord.of(kernel, result);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
