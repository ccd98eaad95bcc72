package org.kmodwatch.core.container;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.kmodwatch.core.event.KubernetesContext;

@NullMarked
class ContainerNamesTest {

  private static final String UID = "2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f";

  private static final byte[] DOCKER_IN_POD =
      bytes(
          """
          {"StreamConfig":{},"State":{"Running":true,"Pid":4242},"ID":"1f","Args":["-g"],
           "Config":{"Hostname":"1f","Env":["A=B"],"Image":"nginx:1.27","Labels":{
             "io.kubernetes.pod.name":"web-0","io.kubernetes.pod.namespace":"shop",
             "io.kubernetes.pod.uid":"2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f",
             "io.kubernetes.docker.type":"container"}},
           "Image":"sha256:60c8a892f36faf6c9215464005ee6fb8cf0585f70b113c0b030f6cb497a41876",
           "Name":"/web","RestartCount":0}
          """);

  @Test
  void ofDocker_readsNameAndImage() {
    assertThat(ContainerNames.ofDocker(DOCKER_IN_POD, null))
        .contains(new ContainerNames("web", "nginx:1.27", KubernetesContext.NONE));
  }

  @Test
  void ofDocker_believesThePodsLabels_onlyIfTheCgroupSaysTheSamePod() {
    assertThat(ContainerNames.ofDocker(DOCKER_IN_POD, UID))
        .contains(
            new ContainerNames(
                "web", "nginx:1.27", new KubernetesContext("web-0", "shop", UID, false)));
    assertThat(ContainerNames.ofDocker(DOCKER_IN_POD, "00000000-0000-0000-0000-000000000000"))
        .contains(new ContainerNames("web", "nginx:1.27", KubernetesContext.NONE));
  }

  @Test
  void ofDocker_doesNotTakeALabelForAField() {
    assertThat(
            ContainerNames.ofDocker(
                bytes("{\"Config\":{\"Labels\":{\"Name\":\"/x\",\"Image\":\"y\"}}}"), null))
        .contains(new ContainerNames(null, null, KubernetesContext.NONE));
  }

  @Test
  void ofPodman_findsTheContainerAmongOthers() {
    byte[] file =
        bytes(
            """
            [{"id":"9e","names":["db"],"image":"aa","metadata":"{}","flags":{"MountLabel":""}},
             {"id":"1f","names":["web","alias"],"image":"bb","layer":"cc",
              "metadata":"{\\"image-name\\":\\"docker.io/library/nginx:1.27\\",\\"name\\":\\"web\\"}",
              "bigdatas":[],"created":"2026-11-22T20:00:00Z"}]
            """);
    assertThat(ContainerNames.ofPodman(file, "1f"))
        .contains(
            new ContainerNames("web", "docker.io/library/nginx:1.27", KubernetesContext.NONE));
    assertThat(ContainerNames.ofPodman(file, "9e"))
        .contains(new ContainerNames("db", null, KubernetesContext.NONE));
    assertThat(ContainerNames.ofPodman(file, "none")).isEmpty();
  }

  @Test
  void ofOci_readsContainerdsAnnotations() {
    byte[] file =
        bytes(
            """
            {"ociVersion":"1.1.0","process":{"user":{"uid":0},"args":["nginx"]},"root":{"path":"rootfs"},
             "annotations":{"io.kubernetes.cri.container-name":"web",
              "io.kubernetes.cri.container-type":"container",
              "io.kubernetes.cri.image-name":"docker.io/library/nginx:1.27",
              "io.kubernetes.cri.sandbox-id":"9e","io.kubernetes.cri.sandbox-name":"web-0",
              "io.kubernetes.cri.sandbox-namespace":"shop",
              "io.kubernetes.cri.sandbox-uid":"2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f"},
             "linux":{"resources":{"devices":[{"allow":false}]},"seccomp":{"syscalls":[{"names":["read"]}]}}}
            """);
    assertThat(ContainerNames.ofOci(file))
        .contains(
            new ContainerNames(
                "web",
                "docker.io/library/nginx:1.27",
                new KubernetesContext("web-0", "shop", UID, false)));
  }

  @Test
  void ofOci_readsCrioAnnotations_ofASandbox() {
    byte[] file =
        bytes(
            """
            {"annotations":{"io.kubernetes.container.name":"POD","io.kubernetes.cri-o.ContainerType":"sandbox",
              "io.kubernetes.cri-o.ImageName":"registry.k8s.io/pause:3.10","io.kubernetes.pod.name":"web-0",
              "io.kubernetes.pod.namespace":"shop",
              "io.kubernetes.pod.uid":"2d3c8e5a-0a9b-4c1d-9e8f-7a6b5c4d3e2f"}}
            """);
    assertThat(ContainerNames.ofOci(file))
        .contains(
            new ContainerNames(
                "POD",
                "registry.k8s.io/pause:3.10",
                new KubernetesContext("web-0", "shop", UID, true)));
  }

  @Test
  void ofOci_saysNothing_withoutAnnotations() {
    assertThat(ContainerNames.ofOci(bytes("{\"ociVersion\":\"1.1.0\"}")))
        .contains(new ContainerNames(null, null, KubernetesContext.NONE));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "null", "[]", "{", "{\"Name\":", "{\"a\":[", "\u0000", "[[", "{\"a\":{", "[{"})
  void damagedFiles_sayNothing(String text) {
    assertThat(ContainerNames.ofDocker(bytes(text), null)).isEmpty();
    assertThat(ContainerNames.ofOci(bytes(text))).isEmpty();
    assertThat(ContainerNames.ofPodman(bytes(text), "1f")).isEmpty();
  }

  @Test
  void deepFiles_areNoTrouble() {
    String deep = "{\"annotations\":".repeat(100_000);
    assertThat(ContainerNames.ofOci(bytes(deep))).isEmpty();
    assertThat(ContainerNames.ofDocker(bytes("{\"x\":" + "[".repeat(100_000)), null)).isEmpty();
    assertThat(ContainerNames.ofPodman(bytes("[{\"x\":[" + "[".repeat(100_000)), "1f")).isEmpty();
  }

  @Test
  void mutatedFiles_areNoTrouble() {
    long seed = 20261122;
    var random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] file = Arrays.copyOf(DOCKER_IN_POD, 1 + random.nextInt(DOCKER_IN_POD.length));
      for (int j = random.nextInt(4); j > 0; j--) {
        file[random.nextInt(file.length)] = (byte) random.nextInt(256);
      }
      assertThatCode(
              () -> {
                ContainerNames.ofDocker(file, UID);
                ContainerNames.ofOci(file);
                ContainerNames.ofPodman(file, "1f");
              })
          .as("seed=%d turn=%d", seed, i)
          .doesNotThrowAnyException();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
