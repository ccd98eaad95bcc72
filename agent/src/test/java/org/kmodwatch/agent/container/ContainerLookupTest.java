package org.kmodwatch.agent.container;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.kmodwatch.core.container.ContainerRuntime;
import org.kmodwatch.core.event.ContainerContext;
import org.kmodwatch.core.event.KubernetesContext;

class ContainerLookupTest {

  private static final String ID = "ab".repeat(32);
  private static final String UID = "2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f";
  private static final String POD = "/kubepods/burstable/pod" + UID + "/";

  @TempDir Path root;
  private long nanoTime = -5;

  @Test
  void docker_isNamed() throws IOException {
    write(
        "var/lib/docker/containers/" + ID + "/config.v2.json",
        "{\"Name\":\"/web\",\"Config\":{\"Image\":\"nginx\"}}");
    ContainerLookup.Found found = lookup().of("/docker/" + ID).orElseThrow();
    assertThat(found.container())
        .isEqualTo(new ContainerContext(ID, "web", "nginx", null, "docker"));
    assertThat(found.kubernetes()).isEqualTo(KubernetesContext.NONE);
    assertThat(found.id().runtime()).isEqualTo(ContainerRuntime.DOCKER);
  }

  @Test
  void podman_isNamed_fromEitherList() throws IOException {
    write("var/lib/containers/storage/overlay-containers/containers.json", "[]");
    write(
        "var/lib/containers/storage/overlay-containers/volatile-containers.json",
        "[{\"id\":\"" + ID + "\",\"names\":[\"web\"]}]");
    assertThat(lookup().of("/machine.slice/libpod-" + ID + ".scope").orElseThrow().container())
        .isEqualTo(new ContainerContext(ID, "web", null, null, "podman"));
  }

  @Test
  void containerd_isNamed_withItsPod() throws IOException {
    write(
        "run/containerd/io.containerd.runtime.v2.task/k8s.io/" + ID + "/config.json",
        """
        {"annotations":{"io.kubernetes.cri.container-type":"container",
         "io.kubernetes.cri.container-name":"web","io.kubernetes.cri.sandbox-name":"web-0",
         "io.kubernetes.cri.sandbox-namespace":"shop"}}
        """);
    ContainerLookup.Found found = lookup().of(POD + ID).orElseThrow();
    assertThat(found.container().name()).isEqualTo("web");
    assertThat(found.kubernetes()).isEqualTo(new KubernetesContext("web-0", "shop", UID, false));
  }

  @Test
  void crio_isNamed_withItsPod() throws IOException {
    write(
        "run/containers/storage/overlay-containers/" + ID + "/userdata/config.json",
        """
        {"annotations":{"io.kubernetes.container.name":"web","io.kubernetes.pod.name":"web-0"}}
        """);
    ContainerLookup.Found found = lookup().of(POD + "crio-" + ID).orElseThrow();
    assertThat(found.container().name()).isEqualTo("web");
    assertThat(found.kubernetes()).isEqualTo(new KubernetesContext("web-0", null, UID, null));
  }

  @Test
  void unknownRuntime_isNamed_byWhoeverKnowsTheId() throws IOException {
    write("var/lib/docker/containers/" + ID + "/config.v2.json", "{\"Name\":\"/web\"}");
    assertThat(lookup().of("/custom/" + ID).orElseThrow().container().name()).isEqualTo("web");
  }

  @Test
  void onlyIdAndPod_areKnown_whereThereIsNoFileOrADamagedOne() throws IOException {
    ContainerLookup lookup = lookup();
    assertThat(lookup.of(POD + ID).orElseThrow().kubernetes())
        .isEqualTo(new KubernetesContext(null, null, UID, null));
    Files.createDirectories(root.resolve("var/lib/docker/containers/" + ID + "/config.v2.json"));
    assertThat(lookup.of("/docker/" + ID).orElseThrow().container())
        .isEqualTo(new ContainerContext(ID, null, null, null, "docker"));
    write("var/lib/docker/containers/" + "cd".repeat(32) + "/config.v2.json", "{\"Name\":");
    assertThat(lookup.of("/docker/" + "cd".repeat(32)).orElseThrow().container().name()).isNull();
  }

  @Test
  void host_isNoContainer() {
    assertThat(lookup().of("/user.slice/user-1000.slice/session-3.scope")).isEmpty();
  }

  @Test
  void answer_holdsForAWhile_andIsThenLookedUpAgain() throws IOException {
    ContainerLookup lookup = lookup();
    assertThat(lookup.of("/docker/" + ID).orElseThrow().container().name()).isNull();
    write("var/lib/docker/containers/" + ID + "/config.v2.json", "{\"Name\":\"/web\"}");
    nanoTime += ContainerLookup.KEPT.toNanos() - 1;
    assertThat(lookup.of("/docker/" + ID).orElseThrow().container().name()).isNull();
    nanoTime += 1;
    assertThat(lookup.of("/docker/" + ID).orElseThrow().container().name()).isEqualTo("web");
  }

  @Test
  void oldestAnswer_goes_whenThereAreTooMany() throws IOException {
    ContainerLookup lookup = lookup();
    lookup.of("/docker/" + ID);
    write("var/lib/docker/containers/" + ID + "/config.v2.json", "{\"Name\":\"/web\"}");
    for (int i = 0; i < ContainerLookup.MAX_KEPT; i++) {
      lookup.of("/docker/%064x".formatted(i));
    }
    assertThat(lookup.of("/docker/" + ID).orElseThrow().container().name()).isEqualTo("web");
  }

  private ContainerLookup lookup() {
    return new ContainerLookup(root, () -> nanoTime);
  }

  private void write(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
